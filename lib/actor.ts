/** Who acts: a person in a session or by an access token, a pipeline with its token, or Selvage by itself. */
export type Actor =
  | {
      readonly kind: "user";
      readonly id: string;
      readonly name: string;
      readonly email: string;
      /** When the person last proved who they are; for an access token never, so that it is never fresh. */
      readonly authenticatedAt: Date;
      /** The epoch of their access that this session or token is of; what they make with it is of the same. */
      readonly accessEpoch: number;
      /** The access token that acts for the person. Its name is not unique. */
      readonly accessToken?: { readonly id: string; readonly name: string };
    }
  | { readonly kind: "pipeline" | "system"; readonly id: string; readonly name: string };
