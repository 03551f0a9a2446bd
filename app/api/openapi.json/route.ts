import { openApiDocument } from "@/web/management-api/openapi";

/** The management API's description, for whoever generates a client from it. There is nothing of anybody in it. */
export async function GET(): Promise<Response> {
  return Response.json(openApiDocument());
}
