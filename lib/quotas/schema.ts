/** The limits of an installation, with the variables that set them. */
export const quotas = {
  fabrics: {
    variable: "QUOTA_FABRICS_PER_TEAM",
    owner: "This team",
    unit: "fabrics",
    remedy: "Delete a fabric that nobody uses",
  },
  secrets: {
    variable: "QUOTA_SECRETS_PER_FABRIC",
    owner: "This fabric",
    unit: "secrets",
    remedy: "Delete secrets that nothing uses",
  },
  connections: {
    variable: "QUOTA_CONNECTIONS_PER_FABRIC",
    owner: "This fabric",
    unit: "connections",
    remedy: "Delete connections that nothing uses",
  },
  storedByFabric: {
    variable: "QUOTA_STORED_MIB_PER_FABRIC",
    owner: "This fabric",
    unit: "MiB of stored values",
    remedy: "Delete secrets that nothing uses: their former values count too",
  },
  storedByTeam: {
    variable: "QUOTA_STORED_MIB_PER_TEAM",
    owner: "This team",
    unit: "MiB of stored values",
    remedy: "Delete secrets that nothing uses, in any of its fabrics: their former values count too",
  },
} as const;
export type Quota = keyof typeof quotas;
export const quotaKeys = Object.keys(quotas) as Quota[];

/** How much of a quota is used. */
export type QuotaUse = { quota: Quota; used: number; limit: number };

const number = (value: number) => Math.floor(value).toLocaleString("en-US");

/** "18,400 of 20,000 secrets". */
export function amountText({ quota, used, limit }: QuotaUse): string {
  return `${number(used)} of ${number(limit)} ${quotas[quota].unit}`;
}

/** Tells the reader how to get below a quota, or to have it raised. */
export function remedyText(quota: Quota): string {
  const { remedy, variable } = quotas[quota];
  return `${remedy}, or ask an operator of Selvage to raise ${variable}.`;
}

/** The refusal of a write that a quota does not allow. */
export function exceededText(quota: Quota, limit: number): string {
  const { owner, unit } = quotas[quota];
  return `${owner} may have ${number(limit)} ${unit}, and this would exceed it. ${remedyText(quota)}`;
}
