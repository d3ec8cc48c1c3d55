import { at, idAt, records, text } from './json.ts';
import type { Store } from './store.ts';
import { inlineChildren } from './store.ts';
import type { ArmResource } from './world.ts';

/** Who refers to whom. Azure prints both ends of a reference; a world file may give one only. */
interface Index {
  interfacesOfGroup: Map<string, string[]>;
  subnetsOfGroup: Map<string, string[]>;
  machineOfInterface: Map<string, string>;
  machineOfDisk: Map<string, string>;
  interfacesOfMachine: Map<string, string[]>;
  holderOfAddress: Map<string, string>;
  configurationsOfSubnet: Map<string, string[]>;
  configurationsOfPool: Map<string, string[]>;
  configurationOfNatRule: Map<string, string>;
  subnetsOfRouteTable: Map<string, string[]>;
}

function add(map: Map<string, string[]>, key: string | undefined, value: string | undefined): void {
  if (key === undefined || value === undefined) return;
  const low = key.toLowerCase();
  const listed = map.get(low);
  if (listed === undefined) map.set(low, [value]);
  else if (!listed.includes(value)) listed.push(value);
}

function set(map: Map<string, string>, key: string | undefined, value: string | undefined): void {
  if (key !== undefined && value !== undefined && !map.has(key.toLowerCase())) map.set(key.toLowerCase(), value);
}

function readInterfaces(store: Store, index: Index): void {
  const ofInstances = store.ofType('Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces');
  for (const nic of [...store.ofType('Microsoft.Network/networkInterfaces'), ...ofInstances]) {
    add(index.interfacesOfGroup, idAt(nic.properties, 'networkSecurityGroup'), nic.id);
    const machine = idAt(nic.properties, 'virtualMachine');
    set(index.machineOfInterface, nic.id, machine);
    add(index.interfacesOfMachine, machine, nic.id);
    for (const configuration of inlineChildren(nic, 'ipConfigurations') ?? []) {
      const { properties, id } = configuration;
      set(index.holderOfAddress, idAt(properties, 'publicIPAddress'), id);
      add(index.configurationsOfSubnet, idAt(properties, 'subnet'), id);
      for (const pool of records(at(properties, 'loadBalancerBackendAddressPools'))) {
        add(index.configurationsOfPool, text(pool.id), id);
      }
      for (const rule of records(at(properties, 'loadBalancerInboundNatRules'))) {
        set(index.configurationOfNatRule, text(rule.id), id);
      }
    }
  }
}

function readMachines(store: Store, index: Index): void {
  const ofSets = store.ofType('Microsoft.Compute/virtualMachineScaleSets/virtualMachines');
  for (const machine of [...store.ofType('Microsoft.Compute/virtualMachines'), ...ofSets]) {
    for (const nic of records(at(machine.properties, 'networkProfile', 'networkInterfaces'))) {
      const id = text(nic.id);
      if (id !== undefined) index.machineOfInterface.set(id.toLowerCase(), machine.id);
      add(index.interfacesOfMachine, machine.id, id);
    }
    const disks = [
      at(machine.properties, 'storageProfile', 'osDisk'),
      ...records(at(machine.properties, 'storageProfile', 'dataDisks')),
    ];
    for (const disk of disks) set(index.machineOfDisk, idAt(disk, 'managedDisk'), machine.id);
  }
}

function readOthers(store: Store, index: Index): void {
  for (const network of store.ofType('Microsoft.Network/virtualNetworks')) {
    for (const subnet of inlineChildren(network, 'subnets') ?? []) {
      add(index.subnetsOfGroup, idAt(subnet.properties, 'networkSecurityGroup'), subnet.id);
      add(index.subnetsOfRouteTable, idAt(subnet.properties, 'routeTable'), subnet.id);
    }
  }
  const holders: [string, string][] = [
    ['Microsoft.Network/loadBalancers', 'frontendIPConfigurations'],
    ['Microsoft.Network/azureFirewalls', 'ipConfigurations'],
    ['Microsoft.Network/bastionHosts', 'ipConfigurations'],
    ['Microsoft.Network/applicationGateways', 'frontendIPConfigurations'],
  ];
  for (const [type, field] of holders) {
    for (const holder of store.ofType(type)) {
      for (const { id, properties } of inlineChildren(holder, field) ?? []) {
        set(index.holderOfAddress, idAt(properties, 'publicIPAddress'), id);
        if (type !== 'Microsoft.Network/applicationGateways')
          add(index.configurationsOfSubnet, idAt(properties, 'subnet'), id);
      }
    }
  }
}

/** Looks up the other end of references; the index is made again when the store has changed. */
export class Relations {
  readonly #store: Store;
  #index: Index | undefined;
  #version = -1;

  constructor(store: Store) {
    this.#store = store;
  }

  #fresh(): Index {
    if (this.#index !== undefined && this.#version === this.#store.version) return this.#index;
    const index: Index = {
      interfacesOfGroup: new Map(),
      subnetsOfGroup: new Map(),
      machineOfInterface: new Map(),
      machineOfDisk: new Map(),
      interfacesOfMachine: new Map(),
      holderOfAddress: new Map(),
      configurationsOfSubnet: new Map(),
      configurationsOfPool: new Map(),
      configurationOfNatRule: new Map(),
      subnetsOfRouteTable: new Map(),
    };
    readMachines(this.#store, index);
    readInterfaces(this.#store, index);
    readOthers(this.#store, index);
    this.#index = index;
    this.#version = this.#store.version;
    return index;
  }

  /** Network interfaces that a security group is associated with. */
  interfacesOfGroup = (id: string): string[] => this.#fresh().interfacesOfGroup.get(id.toLowerCase()) ?? [];
  subnetsOfGroup = (id: string): string[] => this.#fresh().subnetsOfGroup.get(id.toLowerCase()) ?? [];
  machineOfInterface = (id: string): string | undefined => this.#fresh().machineOfInterface.get(id.toLowerCase());
  machineOfDisk = (id: string): string | undefined => this.#fresh().machineOfDisk.get(id.toLowerCase());
  interfacesOfMachine = (id: string): string[] => this.#fresh().interfacesOfMachine.get(id.toLowerCase()) ?? [];
  /** The IP configuration that a public address is bound to. */
  holderOfAddress = (id: string): string | undefined => this.#fresh().holderOfAddress.get(id.toLowerCase());
  configurationsOfSubnet = (id: string): string[] => this.#fresh().configurationsOfSubnet.get(id.toLowerCase()) ?? [];
  configurationsOfPool = (id: string): string[] => this.#fresh().configurationsOfPool.get(id.toLowerCase()) ?? [];
  configurationOfNatRule = (id: string): string | undefined =>
    this.#fresh().configurationOfNatRule.get(id.toLowerCase());
  subnetsOfRouteTable = (id: string): string[] => this.#fresh().subnetsOfRouteTable.get(id.toLowerCase()) ?? [];

  /** Network interfaces that are members of a machine's, as resources. */
  machine(nic: ArmResource): string | undefined {
    return this.machineOfInterface(nic.id);
  }
}
