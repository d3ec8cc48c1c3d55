import type { Route } from './call.ts';
import { operationRoutes } from './long-running.ts';
import { activityLogRoutes } from './providers/activity-log.ts';
import { authorizationRoutes } from './providers/authorization.ts';
import { jitRoutes } from './providers/jit.ts';
import { networkRoutes } from './providers/network.ts';
import { networkInterfaceRoutes } from './providers/network-interfaces.ts';
import { networkSecurityGroupRoutes } from './providers/network-security-groups.ts';
import { patchInstallationRoutes } from './providers/patch-installations.ts';
import { policyInsightsRoutes } from './providers/policy-insights.ts';
import { recoveryServicesRoutes } from './providers/recovery-services.ts';
import { resourceGraphRoutes } from './providers/resource-graph.ts';
import { resourceReadRoutes } from './providers/resource-reads.ts';
import { resourceRoutes } from './providers/resources.ts';
import { runCommandRoutes } from './providers/run-commands.ts';
import { scaleSetRoutes } from './providers/scale-sets.ts';
import { securityRoutes } from './providers/security.ts';
import { snapshotRoutes } from './providers/snapshots.ts';
import { usageRoutes } from './providers/usages.ts';
import { virtualMachineRoutes } from './providers/virtual-machines.ts';

/** What Resource Manager answers, the first fitting line first: special paths before the reads of whatever there is. */
export function resourceManagerRoutes(): Route[] {
  return [
    ...operationRoutes,
    ...resourceGraphRoutes,
    ...resourceRoutes,
    ...authorizationRoutes,
    ...virtualMachineRoutes,
    ...patchInstallationRoutes,
    ...runCommandRoutes,
    ...scaleSetRoutes,
    ...snapshotRoutes,
    ...networkInterfaceRoutes,
    ...networkSecurityGroupRoutes,
    ...networkRoutes,
    ...recoveryServicesRoutes,
    ...securityRoutes,
    ...jitRoutes,
    ...activityLogRoutes,
    ...policyInsightsRoutes,
    ...usageRoutes,
    ...resourceReadRoutes,
  ];
}
