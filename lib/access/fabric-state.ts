/** The columns of `GrantedFabric` beside its ids, for a query of `fabric f`. */
export const fabricState = `f."accessEpoch", EXISTS (SELECT FROM fabric_deletion d WHERE d."fabricId" = f.id) AS "isDeleted"`;
