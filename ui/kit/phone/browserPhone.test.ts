import { describe, expect, it } from 'vitest';
import { Problem } from '../api.ts';
import { BrowserPhone } from './browserPhone.ts';

class Track {
  enabled = true;
  stopped = false;
  onended: (() => void) | null = null;
  stop(): void {
    this.stopped = true;
  }
}

/** A browser and a gateway that the test plays. */
function stage() {
  const peers: FakePeer[] = [];
  const tracks: Track[] = [];
  const asked: MediaStreamConstraints[] = [];
  let micFault: string | null = null;
  let answer: () => Promise<string> = async () => 'answer';
  let timers: (() => void)[] = [];

  class FakePeer {
    connectionState = 'new';
    iceGatheringState = 'complete';
    localDescription = { sdp: 'offer' };
    remote = '';
    sent: (Track | null)[] = [];
    closed = false;
    ontrack: ((e: unknown) => void) | null = null;
    onconnectionstatechange: (() => void) | null = null;
    constructor() {
      peers.push(this);
    }
    addTransceiver() {
      return { sender: { replaceTrack: async (t: Track | null) => void this.sent.push(t) } };
    }
    async createOffer() {
      return {};
    }
    async setLocalDescription() {}
    async setRemoteDescription(d: { sdp: string }) {
      this.remote = d.sdp;
      this.become('connected');
    }
    addEventListener() {}
    close() {
      this.closed = true;
    }
    become(s: string) {
      this.connectionState = s;
      this.onconnectionstatechange?.();
    }
  }

  const phone = new BrowserPhone(
    {
      peer: () => new FakePeer() as unknown as RTCPeerConnection,
      media: {
        getUserMedia: async (c) => {
          asked.push(c!);
          if (micFault) throw Object.assign(new Error(micFault), { name: micFault });
          const t = new Track();
          tracks.push(t);
          return { getTracks: () => [t], getAudioTracks: () => [t] } as unknown as MediaStream;
        },
      },
      connect: () => answer(),
      audio: () => ({ play: async () => undefined }) as unknown as HTMLAudioElement,
      setTimeout: (f) => timers.push(f),
      clearTimeout: () => (timers = []),
    },
    () => undefined,
  );
  return {
    phone, peers, tracks, asked,
    deny: (name: string | null) => (micFault = name),
    answers: (f: () => Promise<string>) => (answer = f),
    retry: async () => {
      const t = timers;
      timers = [];
      t.forEach((f) => f());
      await new Promise<void>((r) => setTimeout(r));
    },
    waiting: () => timers.length,
  };
}

describe('the browser phone', () => {
  it('is connected once, without the microphone', async () => {
    const s = stage();
    await Promise.all([s.phone.connect(), s.phone.connect()]);
    await s.phone.connect();
    expect(s.phone.link).toBe('ready');
    expect(s.peers).toHaveLength(1);
    expect(s.peers[0]!.remote).toBe('answer');
    expect(s.asked).toEqual([]);
  });

  it('is made anew when the connection stays away, and left alone when it comes back', async () => {
    const s = stage();
    await s.phone.connect();
    s.peers[0]!.become('disconnected');
    expect(s.phone.link).toBe('ready');
    s.peers[0]!.become('connected');
    await s.retry();
    expect(s.peers).toHaveLength(1);
    s.peers[0]!.become('disconnected');
    await s.retry(); // five seconds later
    expect(s.peers[0]!.closed).toBe(true);
    expect(s.phone.link).toBe('failed');
    await s.retry();
    expect(s.peers).toHaveLength(2);
    expect(s.phone.link).toBe('ready');
  });

  it('opens the microphone for a call and closes it afterwards', async () => {
    const s = stage();
    await s.phone.connect();
    await s.phone.callStarted(false);
    await s.phone.callStarted(false);
    expect(s.peers[0]!.sent).toEqual([s.tracks[0]]);
    await s.phone.callEnded();
    expect(s.tracks[0]!.stopped).toBe(true);
    expect(s.peers[0]!.sent.at(-1)).toBeNull();
    expect(s.phone.link).toBe('ready');
  });

  it('mutes by silencing the microphone, also one that opens muted', async () => {
    const s = stage();
    await s.phone.connect();
    await s.phone.callStarted(true);
    expect(s.tracks[0]!.enabled).toBe(false);
    s.phone.setMuted(false);
    expect(s.tracks[0]!.enabled).toBe(true);
    await s.phone.callEnded();
    await s.phone.callStarted(false);
    expect(s.tracks[1]!.enabled).toBe(true);
  });

  it('takes another microphone in the middle of a call and keeps the mute', async () => {
    const s = stage();
    await s.phone.connect();
    await s.phone.callStarted(true);
    await s.phone.setInput('headset');
    expect(s.tracks[0]!.stopped).toBe(true);
    expect(s.tracks[1]).toMatchObject({ stopped: false, enabled: false });
    expect(s.asked[1]).toMatchObject({ audio: { deviceId: { ideal: 'headset' } } });
  });

  it('lets go of a microphone that opened after the call had ended', async () => {
    const s = stage();
    await s.phone.connect();
    const starting = s.phone.callStarted(false);
    await s.phone.callEnded();
    await starting;
    expect(s.tracks.every((t) => t.stopped)).toBe(true);
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'failed'],
  ])('says that the microphone is %s', async (name, want) => {
    const s = stage();
    s.deny(name);
    await s.phone.connect();
    await s.phone.askMic();
    expect(s.phone.mic).toBe(want);
    s.deny(null);
    await s.phone.askMic();
    expect(s.phone.mic).toBe('ready');
    expect(s.tracks[0]!.stopped).toBe(true); // only asked: nothing listens
  });

  it('stands back when another tab holds the phone', async () => {
    const s = stage();
    s.answers(() => Promise.reject(new Problem(409, 'PHONE_ELSEWHERE', 'In use elsewhere.')));
    await s.phone.connect();
    expect(s.phone.link).toBe('elsewhere');
    expect(s.peers[0]!.closed).toBe(true);
    expect(s.waiting()).toBe(0);
  });

  it('gives everything up when another tab takes it over', async () => {
    const s = stage();
    await s.phone.connect();
    await s.phone.callStarted(false);
    s.phone.elsewhere();
    expect(s.peers[0]!.closed).toBe(true);
    expect(s.tracks[0]!.stopped).toBe(true);
    s.peers[0]!.become('failed'); // late news of the old connection
    expect(s.phone.link).toBe('elsewhere');
  });

  it('connects again by itself, and brings the microphone of a running call back', async () => {
    const s = stage();
    await s.phone.connect();
    await s.phone.callStarted(true);
    s.peers[0]!.become('failed');
    expect(s.phone.link).toBe('failed');
    expect(s.phone.reason).not.toBe('');
    await s.retry();
    expect(s.phone.link).toBe('ready');
    expect(s.peers[1]!.sent).toEqual([s.tracks[1]]);
    expect(s.tracks[1]!.enabled).toBe(false);
  });

  it('waits and tries again when the server is away', async () => {
    const s = stage();
    s.answers(() => Promise.reject(new Problem(0, 'UNREACHABLE', 'The server cannot be reached.')));
    await s.phone.connect();
    expect(s.phone).toMatchObject({ link: 'failed', reason: 'The server cannot be reached.' });
    s.answers(async () => 'answer');
    await s.retry();
    expect(s.phone.link).toBe('ready');
  });
});
