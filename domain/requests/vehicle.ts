import { z } from 'zod';
import type { Instant } from '../time.ts';
import { report, SENT } from './definition.ts';

/** What a carrier reports about its own vehicle. It answers no request. */
export type VehicleUpdate =
  | {
      kind: 'smaller_vehicle';
      capacity: { seats: number; infantLaps: number; stretchers: number; wheelchairs: number };
    }
  | { kind: 'delayed'; departsAt: Instant; arrivesAt: Instant }
  | { kind: 'cancelled' }
  | { kind: 'departed' }
  | { kind: 'arrived'; stop: string };

type Reported = { update: VehicleUpdate; reasonCode?: string };

const places = z.number().int().min(0).max(10_000);
const Reason = z.strictObject({ reason: SENT.code.optional() }).default({});
const Stop = z.strictObject({ stop: SENT.reference });

/** Callbacks about a vehicle: they name the movement by the booking's request or by its reference. */
export const VEHICLE_CALLBACKS = Object.freeze({
  'movement.smaller_vehicle': report({
    sent: z
      .strictObject({
        vehicle: z.string().max(120).optional(),
        seats: z.strictObject({ seat: places, infant_lap: places, stretcher_block: places, wheelchair: places }),
      })
      .transform(({ vehicle, seats: { infant_lap, stretcher_block, ...seats } }) => ({
        vehicle,
        seats: { ...seats, infantLap: infant_lap, stretcherBlock: stretcher_block },
      })),
    stored: z.object({
      vehicle: z.string().optional(),
      seats: z.object({ seat: z.number(), infantLap: z.number(), stretcherBlock: z.number(), wheelchair: z.number() }),
    }),
    read: ({ seats: { seat, infantLap, stretcherBlock, wheelchair } }): Reported => ({
      update: {
        kind: 'smaller_vehicle',
        capacity: { seats: seat, infantLaps: infantLap, stretchers: stretcherBlock, wheelchairs: wheelchair },
      },
    }),
  }),
  'movement.delayed': report({
    sent: z
      .strictObject({ new_departs_at: SENT.instant, new_arrives_at: SENT.instant })
      .refine((times) => times.new_departs_at <= times.new_arrives_at, {
        path: ['new_arrives_at'],
        message: 'Arrival lies after departure',
      })
      .transform((times) => ({ newDepartsAt: times.new_departs_at, newArrivesAt: times.new_arrives_at })),
    stored: z.object({ newDepartsAt: z.number(), newArrivesAt: z.number() }),
    read: ({ newDepartsAt, newArrivesAt }): Reported => ({
      update: { kind: 'delayed', departsAt: newDepartsAt, arrivesAt: newArrivesAt },
    }),
  }),
  'movement.cancelled': report({
    sent: Reason,
    stored: Reason,
    read: ({ reason }): Reported => ({
      update: { kind: 'cancelled' },
      ...(reason === undefined ? {} : { reasonCode: reason }),
    }),
  }),
  'movement.departed': report({
    sent: SENT.nothing,
    stored: SENT.nothing,
    read: (): Reported => ({ update: { kind: 'departed' } }),
  }),
  'movement.arrived': report({
    sent: Stop,
    stored: Stop,
    read: ({ stop }): Reported => ({ update: { kind: 'arrived', stop } }),
  }),
});
