import type { Route } from './call.ts';
import { operationRoutes } from './long-running.ts';
import { actionRunCommandRoutes } from './providers/action-run-command.ts';
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
import { restorePointRoutes } from './providers/restore-points.ts';
import { runCommandRoutes } from './providers/run-commands.ts';
import { scaleSetRoutes } from './providers/scale-sets.ts';
import { securityRoutes } from './providers/security.ts';
import { securityInsightsRoutes } from './providers/security-insights.ts';
import { snapshotRoutes } from './providers/snapshots.ts';
import { tagRoutes } from './providers/tags.ts';
import { usageRoutes } from './providers/usages.ts';
import { vaultOperationRoutes } from './providers/vault-operations.ts';
import { virtualMachineRoutes } from './providers/virtual-machines.ts';
import { workspaceTableRoutes } from './providers/workspace-tables.ts';

/** What Resource Manager answers, the first fitting line first: special paths before the reads of whatever there is. */
export function resourceManagerRoutes(): Route[] {
  return [
    ...operationRoutes,
    ...resourceGraphRoutes,
    ...tagRoutes,
    ...resourceRoutes,
    ...authorizationRoutes,
    ...virtualMachineRoutes,
    ...patchInstallationRoutes,
    ...actionRunCommandRoutes,
    ...runCommandRoutes,
    ...scaleSetRoutes,
    ...snapshotRoutes,
    ...restorePointRoutes,
    ...networkInterfaceRoutes,
    ...networkSecurityGroupRoutes,
    ...networkRoutes,
    ...vaultOperationRoutes,
    ...recoveryServicesRoutes,
    ...securityRoutes,
    ...securityInsightsRoutes,
    ...jitRoutes,
    ...activityLogRoutes,
    ...policyInsightsRoutes,
    ...workspaceTableRoutes,
    ...usageRoutes,
    ...resourceReadRoutes,
  ];
}
