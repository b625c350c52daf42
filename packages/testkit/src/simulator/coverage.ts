import { faultsByMethod, type Fault, type PortMethod } from './faults.js';

/** What can be covered at an await point: its faults, and being overtaken by another process. */
export type Hazard = Fault | 'overtaken';

export interface AwaitPoint {
  /** Of all the rest: `put-large highVolume.begin#1`. */
  readonly name: string;
  /** What was being done: `put-large`, `settle`. */
  readonly activity: string;
  readonly method: PortMethod;
  /** The first, second … call of the method in the activity; the last number stands for more. */
  readonly occurrence: number;
}

export interface CoverageReport {
  readonly points: number;
  readonly covered: number;
  readonly possible: number;
  /** `put-large highVolume.begin#1 × late`, of what was never tried. */
  readonly missing: readonly string[];
}

/** Which faults were tried at which await points. Every point that was ever reached counts. */
export interface Coverage {
  reached(point: AwaitPoint): void;
  tried(point: AwaitPoint, hazard: Hazard): void;
  isTried(point: AwaitPoint, hazard: Hazard): boolean;
  report(): CoverageReport;
}

interface PointCoverage {
  readonly point: AwaitPoint;
  readonly tried: Set<Hazard>;
}

const local: PortMethod = 'source.next';

/** A caller's next chunk concerns nobody else, so nobody can overtake it. */
function hazardsOf(method: PortMethod): readonly Hazard[] {
  const faults: readonly Fault[] = faultsByMethod[method];
  return method === local ? faults : [...faults, 'overtaken'];
}

export function createCoverage(): Coverage {
  const points = new Map<string, PointCoverage>();

  function entryOf(point: AwaitPoint): PointCoverage {
    let entry = points.get(point.name);
    if (entry === undefined) points.set(point.name, (entry = { point, tried: new Set() }));
    return entry;
  }

  return {
    reached(point) {
      entryOf(point);
    },
    tried(point, hazard) {
      entryOf(point).tried.add(hazard);
    },
    isTried: (point, hazard) => entryOf(point).tried.has(hazard),
    report() {
      const missing: string[] = [];
      let possible = 0;
      for (const [name, { point, tried }] of points) {
        for (const hazard of hazardsOf(point.method)) {
          possible += 1;
          if (!tried.has(hazard)) missing.push(`${name} × ${hazard}`);
        }
      }
      return { points: points.size, covered: possible - missing.length, possible, missing };
    },
  };
}

export function awaitPoint(activity: string, method: PortMethod, occurrence: number): AwaitPoint {
  return { name: `${activity} ${method}#${occurrence}`, activity, method, occurrence };
}
