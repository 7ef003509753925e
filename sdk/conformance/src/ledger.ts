/** The contract ledger, and checks by record id. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './load.js';

/** A record, as far as checks read it; contract/README.md says what the fields mean. */
export interface Record_ {
  id: string;
  kind: string;
  name: string;
  owner?: string;
  level: 'must' | 'should' | 'may' | 'info';
  verify: 'sdk' | 'e2e' | 'media' | 'scale' | 'device' | 'doc';
  default?: unknown;
  value?: unknown;
  values?: string[];
  payload?: { name: string; optional: boolean }[];
  members?: { name: string; optional: boolean }[];
  async?: string;
}

/** Shows that one record holds. */
export type Check = (record: Record_) => void | Promise<void>;

/** Checks by record id. */
export type Checks = Record<string, Check>;

/** The records of one API. */
export function ledger(sdk: string): Record_[] {
  const text = readFileSync(path.join(ROOT, 'contract', `${sdk}.json`), 'utf8');
  return (JSON.parse(text) as { records: Record_[] }).records;
}

/** Records that we promise and that something can show. */
export const promised = (record: Record_): boolean =>
  (record.level === 'must' || record.level === 'should') && record.verify !== 'doc';

/** Promised records that a simulated phone shows by itself, or with a server in memory. */
export const checkable = (record: Record_): boolean => promised(record) && (record.verify === 'sdk' || record.verify === 'e2e');
