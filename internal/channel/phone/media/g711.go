package media

// G.711 (ITU-T G.711): 16-bit linear samples to and from eight bits, by table on the way out and by search on the way in.

const (
	silentU = 0xFF // the µ-law code of zero
	silentA = 0xD5 // the A-law code of the smallest step
)

var (
	linearU = decodeTable(decodeU)
	linearA = decodeTable(decodeA)
	uToA    = crossTable(&linearU, encodeA)
	aToU    = crossTable(&linearA, encodeU)
)

func decodeTable(f func(byte) int16) (t [256]int16) {
	for i := range t {
		t[i] = f(byte(i))
	}
	return t
}

func crossTable(from *[256]int16, to func(int16) byte) (t [256]byte) {
	for i := range t {
		t[i] = to(from[i])
	}
	return t
}

func decodeU(b byte) int16 {
	b = ^b
	v := (int16(b&0x0F)<<3 + 0x84) << (b >> 4 & 7)
	if b&0x80 != 0 {
		return 0x84 - v
	}
	return v - 0x84
}

func encodeU(s int16) byte {
	v, sign := int32(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + 0x84
	seg := byte(7)
	for m := int32(0x4000); v&m == 0 && seg > 0; m >>= 1 {
		seg--
	}
	return ^(sign | seg<<4 | byte(v>>(seg+3))&0x0F)
}

func decodeA(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0F)<<4 + 8
	if seg := b >> 4 & 7; seg > 0 {
		v = (v + 0x100) << (seg - 1)
	}
	if b&0x80 != 0 {
		return v
	}
	return -v
}

func encodeA(s int16) byte {
	v, sign := int32(s), byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	if v < 256 {
		return (sign | byte(v>>4)) ^ 0x55
	}
	seg := byte(7)
	for m := int32(0x4000); v&m == 0 && seg > 1; m >>= 1 {
		seg--
	}
	return (sign | seg<<4 | byte(v>>(seg+3))&0x0F) ^ 0x55
}

// Encode turns linear samples into the law's octets, appended to dst.
func (l Law) Encode(dst []byte, samples []int16) []byte {
	enc := encodeU
	if l == ALaw {
		enc = encodeA
	}
	for _, s := range samples {
		dst = append(dst, enc(s))
	}
	return dst
}

// Decode turns the law's octets into linear samples, appended to dst.
func (l Law) Decode(dst []int16, payload []byte) []int16 {
	t := &linearU
	if l == ALaw {
		t = &linearA
	}
	for _, b := range payload {
		dst = append(dst, t[b])
	}
	return dst
}

// Transcode appends payload, which is in law from, to dst in law l.
func (l Law) Transcode(dst []byte, from Law, payload []byte) []byte {
	if from == l {
		return append(dst, payload...)
	}
	t := &uToA
	if l == ULaw {
		t = &aToU
	}
	for _, b := range payload {
		dst = append(dst, t[b])
	}
	return dst
}

// Silence is the octet of the law that means no sound.
func (l Law) Silence() byte {
	if l == ALaw {
		return silentA
	}
	return silentU
}
