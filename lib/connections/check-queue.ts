/** The jobs of background checks: one per connection waits at a time, under the connection's id as its singleton key. */
export const checkQueue = {
  name: "background-check",
  policy: "short",
  // A job whose process died counts as failed after this long; what is due is planned anew from the results.
  expireInSeconds: 180,
  retryLimit: 0,
  retentionMinutes: 60,
} as const;

/** The schema of the jobs, which `npm run migrate` makes: automate may use it and change nothing of its shape. */
export const jobSchema = "pgboss";
