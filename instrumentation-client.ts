import { config } from "zod";

// Before any schema is made: zod would try whether it may compile code, which the Content-Security-Policy refuses and reports.
config({ jitless: true });
