/** Selvage itself, for work that no person or pipeline started. */
export const systemActor = { kind: "system", id: "automate", name: "Automate" } as const;

/** The operator, whose commands ask automate by a request signed with the operator's key. */
export const operatorActor = { kind: "system", id: "operator", name: "Operator" } as const;
