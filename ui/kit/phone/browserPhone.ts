/**
 * The browser as the agent's phone: one RTCPeerConnection to our own gateway, made once and kept; the microphone is opened
 * only for a call. Signalling is one POST with our offer that answers with the gateway's; no SIP and no SIP secret is here.
 * Exactly one tab per agent holds the phone (SPEC AGT-14): the server says which, the others show "in use elsewhere".
 */
import { Problem, sentence } from '../api.ts';

/** How long a connection may be away before it is made anew, in ms. */
const AWAY = 5000;

export type Link = 'off' | 'connecting' | 'ready' | 'elsewhere' | 'failed';
export type Mic = 'unknown' | 'ready' | 'denied' | 'missing' | 'failed';

export interface PhoneDeps {
  peer(): RTCPeerConnection;
  media: Pick<MediaDevices, 'getUserMedia'> | undefined;
  /** Sends our SDP; answers with the gateway's. */
  connect(sdp: string): Promise<string>;
  /** The element that the other party is heard through. */
  audio(): HTMLAudioElement & { setSinkId?(id: string): Promise<void> };
  setTimeout: (f: () => void, ms: number) => unknown;
  clearTimeout: (t: unknown) => void;
}

const micConstraints = (id: string): MediaStreamConstraints => ({
  audio: { ...(id ? { deviceId: { ideal: id } } : {}), echoCancellation: true, noiseSuppression: true, autoGainControl: true },
});

export class BrowserPhone {
  link: Link = 'off';
  mic: Mic = 'unknown';
  muted = false;
  /** Why, while failed; for people. */
  reason = '';
  inCall = false;
  #peer: RTCPeerConnection | null = null;
  #sender: RTCRtpSender | null = null;
  #stream: MediaStream | null = null;
  #audio: ReturnType<PhoneDeps['audio']> | null = null;
  #input = '';
  #output = '';
  #tries = 0;
  #retry: unknown = null;
  #away: unknown = null;

  constructor(
    private deps: PhoneDeps,
    private changed: () => void,
  ) {}

  /** The microphone's stream while in a call, for a level meter. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** Makes this tab the phone, unless it is already. */
  async connect(): Promise<void> {
    if (this.link === 'ready' || this.link === 'connecting') return;
    this.#drop();
    this.#say('connecting');
    const peer = this.deps.peer();
    this.#peer = peer;
    const mine = (): boolean => this.#peer === peer;
    peer.ontrack = (e) => this.#hear(e.streams[0] ?? new MediaStream([e.track]));
    peer.onconnectionstatechange = () => {
      if (!mine()) return;
      this.deps.clearTimeout(this.#away);
      if (peer.connectionState === 'connected') {
        this.#tries = 0;
        this.#say('ready');
      } else if (peer.connectionState === 'disconnected') {
        // It may come back by itself; but the server waits 15 s at most for a call's phone, and the browser's own "failed" may come later.
        this.#away = this.deps.setTimeout(() => mine() && this.#lost('The audio connection broke. It is being made again.'), AWAY);
      } else if (peer.connectionState === 'failed' || peer.connectionState === 'closed') {
        this.#lost('The audio connection broke. It is being made again.');
      }
    };
    try {
      this.#sender = peer.addTransceiver('audio', { direction: 'sendrecv' }).sender;
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer, this.deps);
      const answer = await this.deps.connect(peer.localDescription?.sdp ?? '');
      if (!mine()) return;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
      if (this.inCall) await this.#openMic();
    } catch (e) {
      if (!mine()) return;
      if (e instanceof Problem && e.code === 'PHONE_ELSEWHERE') this.elsewhere();
      else this.#lost(e instanceof Problem ? sentence(e) : 'This browser could not set up the audio connection.');
    }
  }

  /** Another tab holds the phone: let go of everything here. */
  elsewhere(): void {
    this.#drop();
    this.inCall = false;
    this.#say('elsewhere');
  }

  close(): void {
    this.#drop();
    this.inCall = false;
    this.#say('off');
  }

  /** Asks for the microphone ahead of the first call, so that no question delays an answer; then lets go of it. */
  async askMic(): Promise<void> {
    if (this.#stream) return;
    const s = await this.#get();
    s?.getTracks().forEach((t) => t.stop());
  }

  /** A call began: the microphone opens and is sent. */
  async callStarted(muted: boolean): Promise<void> {
    this.muted = muted;
    if (this.inCall) return;
    this.inCall = true;
    await this.#openMic();
    await this.#audio?.play().catch(() => undefined);
  }

  /** The call ended: the microphone closes; the connection stays for the next one. */
  async callEnded(): Promise<void> {
    if (!this.inCall) return;
    this.inCall = false;
    this.muted = false;
    await this.#closeMic();
    this.changed();
  }

  setMuted(on: boolean): void {
    this.muted = on;
    this.#stream?.getAudioTracks().forEach((t) => (t.enabled = !on));
    this.changed();
  }

  async setInput(id: string): Promise<void> {
    this.#input = id;
    if (this.inCall) await this.#openMic();
  }

  async setOutput(id: string): Promise<void> {
    this.#output = id;
    await this.#audio?.setSinkId?.(id).catch(() => undefined);
  }

  async #openMic(): Promise<void> {
    const s = await this.#get();
    if (!s) return;
    if (!this.inCall) {
      s.getTracks().forEach((t) => t.stop());
      return;
    }
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = s;
    const track = s.getAudioTracks()[0] ?? null;
    if (track) {
      track.enabled = !this.muted;
      track.onended = () => {
        if (this.#stream !== s) return;
        this.mic = 'missing';
        this.changed();
      };
    }
    await this.#sender?.replaceTrack(track);
    this.changed();
  }

  async #closeMic(): Promise<void> {
    const s = this.#stream;
    this.#stream = null;
    s?.getTracks().forEach((t) => t.stop());
    await this.#sender?.replaceTrack(null).catch(() => undefined);
  }

  async #get(): Promise<MediaStream | null> {
    if (!this.deps.media) {
      this.mic = 'failed';
      this.changed();
      return null;
    }
    try {
      const s = await this.deps.media.getUserMedia(micConstraints(this.#input));
      this.mic = 'ready';
      this.changed();
      return s;
    } catch (e) {
      const name = e instanceof Error ? e.name : '';
      this.mic = name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : name === 'NotFoundError' ? 'missing' : 'failed';
      this.changed();
      return null;
    }
  }

  #hear(stream: MediaStream): void {
    this.#audio ??= this.deps.audio();
    this.#audio.srcObject = stream;
    if (this.#output) void this.#audio.setSinkId?.(this.#output).catch(() => undefined);
    void this.#audio.play().catch(() => undefined);
  }

  #lost(reason: string): void {
    this.#drop();
    this.reason = reason;
    this.#say('failed');
    this.#retry = this.deps.setTimeout(() => void this.connect(), Math.min(15_000, 1000 * 2 ** this.#tries++));
  }

  #drop(): void {
    this.deps.clearTimeout(this.#retry);
    this.deps.clearTimeout(this.#away);
    const p = this.#peer;
    this.#peer = null;
    this.#sender = null;
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
    if (this.#audio) this.#audio.srcObject = null;
    p?.close();
  }

  #say(l: Link): void {
    this.link = l;
    if (l !== 'failed') this.reason = '';
    this.changed();
  }
}

/** The gateway is reached by its own address, so our candidates matter little: wait for them, but not long. */
function gathered(peer: RTCPeerConnection, deps: PhoneDeps): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((done) => {
    const t = deps.setTimeout(done, 800);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      deps.clearTimeout(t);
      done();
    });
  });
}
