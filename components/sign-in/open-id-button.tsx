"use client";

import { LogIn } from "lucide-react";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { Button } from "@/components/ui/button";

export function OpenIdButton({ name, returnTo }: { name: string; returnTo: string }) {
  const [isLeaving, setIsLeaving] = useState(false);
  async function leave() {
    setIsLeaving(true);
    await signIn("oidc", { callbackUrl: returnTo });
  }
  return (
    <>
      <div aria-hidden className="flex items-center gap-3 text-faint text-sm">
        <span className="h-px flex-1 bg-line" />
        or
        <span className="h-px flex-1 bg-line" />
      </div>
      <Button
        icon={<LogIn aria-hidden />}
        onClick={leave}
        isPending={isLeaving}
        className="w-full justify-center"
      >
        Continue with {name}
      </Button>
    </>
  );
}
