import type { Clock, SweepLedger } from '@holdfast/domain';
import { createMemorySweepLedger } from '../memory-sweep-ledger.js';
import { mix, summaryOf } from './state-hash.js';

/** What sweeps know of each other, for as long as nobody loses it. */
export interface SimulatedLedger extends SweepLedger {
  /** Forgets everything: leases, cursors and reports. */
  flush(): void;
  /** Everything that it was told, as a hash: what it will answer follows from that. */
  stateText(): string;
}

/** `hashes`: whether anybody asks for them. */
export function createSimulatedLedger(clock: Clock, hashes: boolean): SimulatedLedger {
  const ledger = createMemorySweepLedger({ clock });
  let told = 0;

  function tell(...what: readonly unknown[]): void {
    if (hashes) told = mix(told, summaryOf(what), String(clock.now()));
  }

  return {
    ...ledger,
    begin(run, leaseMs) {
      tell('begin', run);
      return ledger.begin(run, leaseMs);
    },
    note(lease, report, leaseMs) {
      tell('note', lease, report);
      return ledger.note(lease, report, leaseMs);
    },
    end(lease, report) {
      tell('end', lease, report);
      return ledger.end(lease, report);
    },
    flush() {
      tell('flush');
      ledger.flush();
    },
    stateText: () => String(told),
  };
}
