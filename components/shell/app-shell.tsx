import { FolderSearch } from "lucide-react";
import type { ReactNode } from "react";
import { FileDropGuard } from "@/components/shell/file-drop-guard";
import { Logo } from "@/components/shell/logo";
import { RailLink } from "@/components/shell/rail-link";
import { type ShellUser, UserMenu } from "@/components/shell/user-menu";
import { FocusKeeper } from "@/components/ui/focus-keeper";
import { Link } from "@/components/ui/link";

/** The frame of every signed-in page: a dark rail on the left; on a narrow screen, a bar at the top. */
export function AppShell({
  user,
  onSignOut,
  children,
}: {
  user: ShellUser;
  onSignOut: () => Promise<void>;
  children: ReactNode;
}) {
  const bars = "flex items-center gap-2 bg-rail text-rail-ink border-rail-line";
  return (
    <div className="min-h-dvh md:pl-20">
      <a
        href="#main"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-md bg-accent px-3 py-2 font-medium text-on-accent focus:translate-y-0"
      >
        Skip to content
      </a>
      <header
        className={`${bars} sticky top-0 z-30 h-14 border-b px-3 md:fixed md:inset-y-0 md:left-0 md:h-auto md:w-20 md:flex-col md:border-r md:border-b-0 md:px-0 md:py-4`}
      >
        <Link
          href="/metadata"
          aria-label="Selvage, home"
          className="rounded-lg focus-visible:outline-rail-ring max-md:mr-1 md:mb-3"
        >
          <Logo size={32} />
        </Link>
        <nav aria-label="Main" className="flex flex-1 gap-1 md:flex-col">
          <RailLink href="/metadata" label="Metadata" icon={<FolderSearch aria-hidden />} />
        </nav>
        <div className="max-md:hidden">
          <UserMenu user={user} side="right" align="end" onSignOut={onSignOut} />
        </div>
        <div className="md:hidden">
          <UserMenu user={user} side="bottom" align="end" onSignOut={onSignOut} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <FocusKeeper />
      <FileDropGuard />
    </div>
  );
}
