/**
 * Where a managed Run Command leaves its scripts, output and logs in the guest: learn.microsoft.com/azure/virtual-machines/
 * windows/run-command-managed and the sources of github.com/Azure/run-command-handler-linux.
 */
export const footprintOf = (os: 'windows' | 'linux'): string =>
  os === 'windows'
    ? 'C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandHandlerWindows and C:\\WindowsAzure\\Logs\\Plugins; processes of SYSTEM'
    : '/var/lib/waagent/run-command-handler and /var/log/azure/run-command-handler; processes of root';
