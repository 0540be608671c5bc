/**
 * Let OHIF's own code load Structured Reports: `node load_reports.js FILE...`.
 *
 * Prints one JSON object: file -> { isMeasurementReport, isLoaded, referencedImages, annotations, complaints }, where
 * an annotation is what the viewer would show on an image: { trackingUid, image, points, labels }.
 * The code is the published bundle of @ohif/extension-cornerstone-dicom-sr, run unchanged; dcmjs parses as in OHIF.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";

import { nothing, viewerModules, viewerServices } from "./stand_ins.js";

const installed = createRequire(import.meta.url); // their CommonJS builds: the others need a newer Node
const dcmjs = installed("dcmjs");
const shown = [];

/** The sequence items of an attribute as dcmjs hands them out: a list, one item, or nothing. */
const items = (sequence) => (sequence === undefined ? [] : Array.isArray(sequence) ? sequence : [sequence]);

/** Run the bundle (UMD) with a `require` of our own, and return the extension that it exports. */
function loadExtension() {
  const path = installed.resolve("@ohif/extension-cornerstone-dicom-sr");
  const modules = viewerModules((annotation) => shown.push(annotation));
  const bundle = { exports: {} };
  const require = (name) => modules[name] ?? installed(name);
  const names = ["module", "exports", "require", "window", "document"];
  compileFunction(readFileSync(path, "utf8"), names, { filename: path })(bundle, bundle.exports, require, nothing, nothing);
  return bundle.exports.default;
}

/** The report as OHIF gets it: DICOM attributes by keyword. */
function parse(file) {
  const content = readFileSync(file);
  const buffer = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  return dcmjs.data.DicomMetaDictionary.naturalizeDataset(dcmjs.data.DicomMessage.readFile(buffer).dict);
}

/** SOP Instance UIDs of everything that the report gives as its evidence (PS3.3 C.17.2). */
function evidence(report) {
  return items(report.CurrentRequestedProcedureEvidenceSequence)
    .flatMap((study) => items(study.ReferencedSeriesSequence))
    .flatMap((series) => items(series.ReferencedSOPSequence))
    .map((instance) => instance.ReferencedSOPInstanceUID);
}

/** What the viewer makes of one report when its images are open. */
async function load(extension, file) {
  const complaints = [];
  console.warn = (...words) => complaints.push(words.join(" "));
  shown.length = 0;
  try {
    const report = parse(file);
    const services = viewerServices(evidence(report), (message) => complaints.push(message));
    const handler = extension
      .getSopClassHandlerModule(services)
      .find(({ sopClassUids }) => sopClassUids.includes(report.SOPClassUID));
    if (!handler) return { complaints: [`no handler for SOP Class ${report.SOPClassUID}`], annotations: [] };
    const [displaySet] = handler.getDisplaySetsFromSeries([report]);
    await displaySet.load();
    return {
      isMeasurementReport: displaySet.isImagingMeasurementReport,
      isLoaded: displaySet.isLoaded,
      referencedImages: displaySet.referencedImages.map((image) => image.ReferencedSOPInstanceUID),
      annotations: shown.map(({ data, metadata }) => ({
        trackingUid: data.TrackingUniqueIdentifier,
        image: metadata.referencedImageId,
        points: data.handles.points.length,
        labels: data.labels,
      })),
      complaints,
    };
  } catch (error) {
    return { complaints: [...complaints, `${error.name}: ${error.message}`], annotations: [] };
  }
}

dcmjs.log.setLevel("error");
console.log = () => {}; // the viewer's own chatter: "not rehydratable", as our reports are not to be edited
const extension = loadExtension();
const answers = {};
for (const file of process.argv.slice(2)) answers[file] = await load(extension, file);
process.stdout.write(JSON.stringify(answers));
