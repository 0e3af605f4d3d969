/**
 * The token that stands for an anonymous visitor where cookies are blocked (design 4.1), in the page's storage,
 * per endpoint. A page that has no storage forgets with each load.
 */
export class DeviceToken {
  private readonly key: string;
  private fallback: string | null = null;

  constructor(apiEndpoint: string) {
    this.key = `chatkit.device:${apiEndpoint}`;
  }

  read(): string | null {
    try {
      return localStorage.getItem(this.key) ?? this.fallback;
    } catch {
      return this.fallback;
    }
  }

  write(token: string): void {
    this.fallback = token;
    try {
      localStorage.setItem(this.key, token);
    } catch {
      // Storage is full or forbidden: the fallback lasts as long as the page.
    }
  }
}
