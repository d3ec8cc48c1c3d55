import * as z from 'zod';
import { conclusion } from '../documents/conclusion.ts';
import { detectionsDocument } from '../documents/detections.ts';
import { doctorDocument } from '../documents/doctor.ts';
import { evtxDocument } from '../documents/evtx.ts';
import { incidentDocument } from '../documents/incident.ts';
import { type DocumentName, documentNames } from '../documents/names.ts';
import { queryDocument } from '../documents/query.ts';
import { planDocument, plansDocument, runDocument, runsDocument } from '../documents/run.ts';
import { entry } from '../documents/transcript.ts';
import { scanDocument, triageDocument } from '../documents/triage.ts';
import { exitCode, Failure } from '../failure.ts';

const schemas: Record<DocumentName, z.ZodType> = {
  triage: triageDocument,
  scan: scanDocument,
  plan: planDocument,
  plans: plansDocument,
  run: runDocument,
  runs: runsDocument,
  transcript: entry,
  doctor: doctorDocument,
  kql: queryDocument,
  detect: detectionsDocument,
  evtx: evtxDocument,
  conclusion,
  incident: incidentDocument,
};

/** `cordon schema NAME`: the JSON Schema of a document, from the types in the code. */
export function schema(name: string, stdout: NodeJS.WritableStream): number {
  const wanted = name.replace(/^cordon\./, '').replace(/\/1$/, '');
  const found = documentNames.find((one) => one === wanted);
  if (!found) throw new Failure(`no schema "${name}"; there are: ${documentNames.join(', ')}`, exitCode.usage);
  stdout.write(`${JSON.stringify({ $id: `cordon.${found}/1`, ...z.toJSONSchema(schemas[found]) }, null, 2)}\n`);
  return exitCode.done;
}
