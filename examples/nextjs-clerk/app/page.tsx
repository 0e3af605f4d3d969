import { Show, SignInButton, UserButton } from '@clerk/nextjs';
import ChatWidget from '@/components/ChatWidget';
import { MissingKeys } from '@/components/MissingKeys';
import { hasClerkKeys } from '@/lib/clerk';

export default function Page() {
  if (!hasClerkKeys) return <MissingKeys />;
  return (
    <>
      <Show when="signed-out">
        <p>Sign in to chat.</p>
        <SignInButton />
      </Show>
      <Show when="signed-in">
        <UserButton />
        <ChatWidget />
      </Show>
    </>
  );
}
