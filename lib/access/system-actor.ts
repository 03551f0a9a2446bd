/** Selvage itself, when nobody asked. */
export const selvage = { kind: "system", id: "automate", name: "Automate" } as const;
