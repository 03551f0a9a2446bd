import type { Authority } from "@/launcher/certificates.mjs";
import { type OneService, type Replies, startOneService } from "@/testing/servers/one-service";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const smartsheetToken = "canaryJKlMNOpQ12RStUVwxYZAbcde3F5g6hijklM789";

/** developers.smartsheet.com/api/smartsheet/openapi: users/getCurrentUser and sheets/list-sheets. */
const good: Replies = {
  "GET /2.0/users/me": {
    status: 200,
    body: { id: 48569348493401200, email: "ana@example.com", locale: "en_US" },
  },
  "GET /2.0/sheets": {
    status: 200,
    body: {
      pageNumber: 1,
      pageSize: 1,
      totalPages: 1,
      totalCount: 1,
      data: [{ id: 4583173393803140, name: "Q1" }],
    },
  },
};

/** An error as in developers.smartsheet.com/api/smartsheet/error-codes. */
export function smartsheetError(status: number, errorCode: number, message: string): ServiceReply {
  return { status, body: { errorCode, message, refId: "1a9kskgvprnvk" } };
}

export function startSmartsheet(authority: Authority, replies: Replies = {}): Promise<OneService> {
  return startOneService(authority, ["api.smartsheet.com:443"], ({ operation, headers }) => {
    if (headers.authorization !== `Bearer ${smartsheetToken}`)
      return smartsheetError(401, 1002, "Your Access Token is invalid.");
    return { ...good, ...replies }[operation] ?? smartsheetError(404, 1006, "Not Found");
  });
}
