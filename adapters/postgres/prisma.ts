import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import { PrismaClient } from './generated/client.ts';

/**
 * Prisma on the pool of the SQL queries: one limit on connections, one place that closes them. It stands alone, because
 * `npm start` makes the generated client, and so must begin without it.
 */
export function prismaOn(pool: Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}

export type { PrismaClient };
