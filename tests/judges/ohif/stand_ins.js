/**
 * What stands in for the viewer around OHIF's reader of Structured Reports.
 *
 * The reader asks the viewer for very little: names of SOP Classes, which image an image id means, and a place to put
 * annotations. That little is answered here; everything that would draw on a screen is `nothing`.
 */

/** Whatever is asked of it, called or constructed from it is nothing again. */
export const nothing = new Proxy(function () {}, {
  get: (_, property) => (property === Symbol.toPrimitive || property === "then" ? undefined : nothing),
  apply: () => nothing,
  construct: () => nothing,
});

/** A module that has these names, and nothing under every other name. */
const moduleOf = (names) => new Proxy(names, { get: (known, name) => (name in known ? known[name] : nothing) });

/** PS3.4 B.5. */
const sopClassDictionary = {
  BasicTextSR: "1.2.840.10008.5.1.4.1.1.88.11",
  EnhancedSR: "1.2.840.10008.5.1.4.1.1.88.22",
  ComprehensiveSR: "1.2.840.10008.5.1.4.1.1.88.33",
  Comprehensive3DSR: "1.2.840.10008.5.1.4.1.1.88.34",
};

/**
 * The modules that OHIF's extension asks for.
 *
 * @param {(annotation: object) => void} addAnnotation called for each annotation that would be shown on an image
 */
export function viewerModules(addAnnotation) {
  return {
    "@ohif/core": moduleOf({
      classes: { MetadataProvider: { getUIDsFromImageID: (id) => ({ SOPInstanceUID: id }) } },
      utils: {
        guid: () => "display set of the report",
        sortStudyInstances: (instances) => instances,
        sortDisplaySetsCopy: (displaySets) => displaySets,
        sopClassDictionary,
      },
    }),
    "@cornerstonejs/adapters": moduleOf({
      adaptersSR: {
        Cornerstone3D: {
          CodeScheme: { CodingSchemeDesignator: "CORNERSTONEJS", codeValues: { CORNERSTONEFREETEXT: "CORNERSTONEFREETEXT" } },
          TEXT_ANNOTATION_POSITION: { schemeDesignator: "CORNERSTONEJS", value: "TextAnnotationPosition" },
          COMMENT_CODE: { schemeDesignator: "DCM", value: "121106" },
          MeasurementReport: { getAdapterForTrackingIdentifier: () => undefined, getAdaptersForTypes: () => [] },
        },
      },
    }),
    "@cornerstonejs/core": moduleOf({
      metaData: { get: () => undefined },
      utilities: { imageToWorldCoords: (_, [column, row]) => [column, row, 0] },
    }),
    "@cornerstonejs/tools": moduleOf({ annotation: { state: { addAnnotation } } }),
    "@ohif/extension-cornerstone": nothing,
    "@ohif/i18n": nothing,
    "@ohif/ui-next": nothing,
    "@ohif/core/src/contextProviders/SystemProvider": nothing,
  };
}

/**
 * The services of a viewer that shows these images.
 *
 * @param {string[]} images SOP Instance UIDs; here an image id is its SOP Instance UID
 * @param {(message: string) => void} notify called with what the viewer would tell its user
 */
export function viewerServices(images, notify) {
  const displaySets = images.map((uid) => ({ displaySetInstanceUID: uid, unsupported: false }));
  const dataSource = { getImageIdsForDisplaySet: ({ displaySetInstanceUID }) => [displaySetInstanceUID] };
  return {
    servicesManager: {
      services: {
        displaySetService: { activeDisplaySets: displaySets, EVENTS: {}, subscribe() {} },
        measurementService: { getSourceMappings: () => [] },
        customizationService: { getCustomization: () => undefined },
        uiNotificationService: { show: ({ message }) => notify(message) },
      },
    },
    extensionManager: { getDataSources: () => [dataSource], getActiveDataSource: () => [dataSource] },
  };
}
