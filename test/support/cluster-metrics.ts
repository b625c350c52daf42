import assert from 'node:assert/strict';
import type { ClusterService } from './cluster-service.js';

/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const labelPattern = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function samplesOf(exposition: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of exposition.split('\n')) {
    const [, name, labels = '', value] = samplePattern.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs: Record<string, string> = {};
    for (const [, label = '', text = ''] of labels.matchAll(labelPattern)) pairs[label] = text;
    samples.push({ name, labels: pairs, value: Number(value) });
  }
  return samples;
}

/** What all series of a metric that have these labels add up to. Rejects where there is no such metric. */
export async function metric(
  service: ClusterService,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const wanted = Object.entries(labels);
  const exposition = await service.metrics();
  const family = name.replace(/_(?:bucket|sum|count)$/, '');
  assert.ok(exposition.includes(`# HELP ${family} `), `${service.name} has no metric ${name}`);
  return samplesOf(exposition)
    .filter((sample) => sample.name === name)
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
