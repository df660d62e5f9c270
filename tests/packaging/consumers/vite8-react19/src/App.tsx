import { useState } from "react";
import { Orders } from "./Orders";
import { SockeyeProvider } from "./desk";

export function App({ server }: { server: string }) {
  const [isOpen, setOpen] = useState(true);
  if (!isOpen) return <p>Goodbye.</p>;
  return (
    <SockeyeProvider url={server}>
      <Orders />
      <button data-testid="leave" onClick={() => setOpen(false)}>
        Leave
      </button>
    </SockeyeProvider>
  );
}
