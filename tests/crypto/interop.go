// interop - flynn/noise on one side, noise-peer on the other.
//
// For each pattern and each role: 20 rounds of a handshake with random keys,
// prologue and payload sizes, then transport messages both ways with a rekey
// in between.  Everything either side reads must be what the other wrote,
// the handshake hashes must be equal, a forged message must be refused, and
// reading must go on afterwards as if it had never come.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"strings"

	"github.com/flynn/noise"
)

const rounds = 20

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly,
	noise.HashBLAKE2b)

type pattern struct {
	name    string
	pattern noise.HandshakePattern
	psk     bool
	iStatic bool // the initiator has a static key
	rStatic bool
	known   bool // and the initiator knows the responder's
	oneWay  bool
}

var patterns = []pattern{
	{"N", noise.HandshakeN, false, false, true, true, true},
	{"X", noise.HandshakeX, false, true, true, true, true},
	{"NK", noise.HandshakeNK, false, false, true, true, false},
	{"NX", noise.HandshakeNX, false, false, true, false, false},
	{"IK", noise.HandshakeIK, false, true, true, true, false},
	{"XX", noise.HandshakeXX, false, true, true, false, false},
	{"XXpsk0", noise.HandshakeXX, true, true, true, false, false},
}

func below(n int64) int {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic(err)
	}
	return int(v.Int64())
}

func random(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return b
}

// Mostly short, sometimes none, sometimes as long as a message can be.
func payload(overhead int) []byte {
	switch below(6) {
	case 0:
		return nil
	case 1:
		return random(65535 - overhead)
	case 2:
		return random(below(30000))
	default:
		return random(below(300))
	}
}

func text(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString(b)
}

type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(path string, args ...string) (*peer, error) {
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &peer{cmd, in, bufio.NewReaderSize(out, 1<<18)}, cmd.Start()
}

func (p *peer) ask(command string) ([]byte, error) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return nil, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	switch line = strings.TrimSpace(line); line {
	case "fail":
		return nil, fmt.Errorf("refused: %.40s", command)
	case "-", "ok":
		return nil, nil
	}
	return hex.DecodeString(line)
}

func same(what string, a, b []byte) error {
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s differs: %d and %d bytes", what, len(a),
			len(b))
	}
	return nil
}

// One bit of msg flipped: refused by noise-peer, which then goes on.
func (p *peer) refuses(command string, msg []byte) error {
	bad := append([]byte(nil), msg...)
	bad[len(bad)-1-below(16)] ^= 1 << uint(below(8))
	if _, err := p.ask(command + " " + text(bad)); err == nil {
		return fmt.Errorf("a forged message passed")
	}
	return nil
}

func keypair() noise.DHKey {
	k, err := suite.GenerateKeypair(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// The handshake messages, and both ciphers of the Go side.
func shake(p pattern, goInitiates bool, hs *noise.HandshakeState,
	c *peer) (*noise.CipherState, *noise.CipherState, error) {
	var c1, c2 *noise.CipherState
	for i := range p.pattern.Messages {
		goTurn := (i%2 == 0) == goInitiates
		said := payload(200)
		var msg, heard []byte
		var err error
		if goTurn {
			msg, c1, c2, err = hs.WriteMessage(nil, said)
			if err != nil {
				return nil, nil, err
			}
			// The first message of NX and XX is not
			// authenticated.
			if i > 0 || (p.name != "NX" && p.name != "XX") {
				if err = c.refuses("r", msg); err != nil {
					return nil, nil, err
				}
			}
			heard, err = c.ask("r " + text(msg))
		} else {
			msg, err = c.ask("w " + text(said))
			if err != nil {
				return nil, nil, err
			}
			heard, c1, c2, err = hs.ReadMessage(nil, msg)
		}
		if err == nil {
			err = same("handshake payload", said, heard)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("message %d: %v", i, err)
		}
	}
	if c1 == nil || c2 == nil {
		return nil, nil, fmt.Errorf("not done after all messages")
	}
	return c1, c2, nil
}

func goSends(send *noise.CipherState, c *peer) error {
	said := payload(16)
	msg, err := send.Encrypt(nil, nil, said)
	if err != nil {
		return err
	}
	if err := c.refuses("o", msg); err != nil {
		return err
	}
	heard, err := c.ask("o " + text(msg))
	if err != nil {
		return err
	}
	return same("transport payload", said, heard)
}

func peerSends(receive *noise.CipherState, c *peer) error {
	said := payload(16)
	msg, err := c.ask("s " + text(said))
	if err != nil {
		return err
	}
	heard, err := receive.Decrypt(nil, nil, msg)
	if err != nil {
		return err
	}
	return same("transport payload", said, heard)
}

func transport(p pattern, goInitiates bool, send, receive *noise.CipherState,
	c *peer) error {
	for i := 0; i < 10; i++ {
		rekey := below(4) == 0
		if goInitiates || !p.oneWay {
			if rekey {
				send.Rekey()
				if _, err := c.ask("ko"); err != nil {
					return err
				}
			}
			if err := goSends(send, c); err != nil {
				return err
			}
		}
		if !goInitiates || !p.oneWay {
			if rekey {
				receive.Rekey()
				if _, err := c.ask("ks"); err != nil {
					return err
				}
			}
			if err := peerSends(receive, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func round(p pattern, goInitiates bool, path string) error {
	mine, theirs := keypair(), keypair()
	prologue := random(below(100))
	config := noise.Config{CipherSuite: suite, Random: rand.Reader,
		Pattern: p.pattern, Initiator: goInitiates, Prologue: prologue}
	goStatic, peerStatic := p.rStatic, p.iStatic
	role, static, remote, psk := "i", "-", "-", "-"
	if goInitiates {
		goStatic, peerStatic = p.iStatic, p.rStatic
		role = "r"
	}
	if goStatic {
		config.StaticKeypair = mine
	}
	if peerStatic {
		static = text(theirs.Private)
	}
	if p.known && goInitiates {
		config.PeerStatic = theirs.Public
	}
	if p.known && !goInitiates {
		remote = text(mine.Public)
	}
	if p.psk {
		config.PresharedKey = random(32)
		psk = text(config.PresharedKey)
	}
	hs, err := noise.NewHandshakeState(config)
	if err != nil {
		return err
	}
	c, err := startPeer(path, p.name, role, text(prologue), static, remote,
		psk)
	if err != nil {
		return err
	}
	defer c.cmd.Wait()
	defer c.in.Close()

	c1, c2, err := shake(p, goInitiates, hs, c)
	if err != nil {
		return err
	}
	hash, err := c.ask("split")
	if err == nil {
		err = same("handshake hash", hs.ChannelBinding(), hash)
	}
	if err != nil {
		return err
	}
	key, err := c.ask("remote")
	if err == nil && goStatic {
		err = same("static key", mine.Public, key)
	}
	if err != nil {
		return err
	}
	if !goInitiates {
		c1, c2 = c2, c1
	}
	return transport(p, goInitiates, c1, c2, c)
}

func main() {
	failed := false
	n := 0
	fmt.Printf("1..%d\n", 2*len(patterns))
	for _, p := range patterns {
		for _, goInitiates := range []bool{true, false} {
			role := "responder"
			if !goInitiates {
				role = "initiator"
			}
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				err = round(p, goInitiates, os.Args[1])
			}
			n++
			if err != nil {
				failed = true
				fmt.Printf("# %v\nnot ", err)
			}
			fmt.Printf("ok %d - %s, we are the %s\n", n, p.name,
				role)
		}
	}
	if failed {
		os.Exit(1)
	}
}
