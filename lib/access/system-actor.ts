/** Selvage itself, when nobody asked. */
export const systemActor = { kind: "system", id: "automate", name: "Automate" } as const;
