import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problems.ts';

/** The ETag of a thing under its version. */
function etag(version: number): string {
  return `"${version}"`;
}

export function withEtag(reply: FastifyReply, version: number): void {
  reply.header('etag', etag(version));
}

/** The version that the caller has read, from If-Match. @throws Problem 428 where there is none, 412 where it is not one of ours */
export function versionRead(request: FastifyRequest): number {
  const header = request.headers['if-match'];
  if (header === undefined) throw new Problem('precondition_missing');
  const version = /^"(\d{1,9})"$/.exec(header)?.[1];
  if (version === undefined) throw new Problem('changed_meanwhile');
  return Number(version);
}
