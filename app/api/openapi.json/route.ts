import { openApiDocument } from "@/web/management-api/openapi";

/**
 * The management API's OpenAPI description, for client generators. Public, because it contains no stored
 * data.
 */
export async function GET(): Promise<Response> {
  return Response.json(openApiDocument());
}
