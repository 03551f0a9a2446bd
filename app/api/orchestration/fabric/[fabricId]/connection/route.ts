import { management } from "@/lib/server/management";

export const { GET, POST, PUT, DELETE, PATCH } = management(
  "/api/orchestration/fabric/{fabricId}/connection",
);
