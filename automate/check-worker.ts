import { serveChecks } from "@/automate/serve-checks";

/* The program that runs the checks of one configuration, until automate ends it. */
serveChecks();
