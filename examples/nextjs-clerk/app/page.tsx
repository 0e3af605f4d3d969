import { Show, SignInButton, UserButton } from '@clerk/nextjs';
import ChatWidget from '@/components/ChatWidget';

export default function Page() {
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
