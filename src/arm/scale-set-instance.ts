/** An instance of a Uniform scale set: no VM of its own to Azure, but a child of the set. */
export interface ScaleSetInstance {
  /** Resource id of the set. */
  scaleSet: string;
  scaleSetName: string;
  /** Its number in the set: "7". */
  instance: string;
}

const path =
  /^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachineScaleSets\/([^/]+))\/virtualMachines\/([^/]+)\/?$/i;

/** The instance that a resource id means; undefined for every other id. VMs of Flexible sets have ids of VMs. */
export function scaleSetInstanceOf(id: string): ScaleSetInstance | undefined {
  const [, scaleSet, scaleSetName, instance] = path.exec(id) ?? [];
  return scaleSet && scaleSetName && instance ? { scaleSet, scaleSetName, instance } : undefined;
}
