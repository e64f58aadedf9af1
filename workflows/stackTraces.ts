/**
 * The engine keeps a stack trace of every promise that a workflow in memory waits for, and a journey waits for some two
 * hundred: with ten frames each that was a third of its memory and a sixth of the time of a replay. With one frame an
 * error still says where it was thrown; what a workflow waits for, its waits say (recorder.ts).
 *
 * Loaded before all workflows (processes/worker/bundle.ts): afterwards nobody can change what they share.
 */
Error.stackTraceLimit = 1;
