/** Selvage itself, for work that no person or pipeline started. */
export const systemActor = { kind: "system", id: "automate", name: "Automate" } as const;
