using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// Reads which refs a client asks git-receive-pack to change (gitprotocol-pack, "Reference Update Request and Packfile Transfer"), and writes each down before
/// the target hears of it:
/// <code>
///   pkt-line:  4 hexadecimal digits, the length with them | payload        0000: a flush, the end of the list
///   payload:   old-id SP new-id SP ref [NUL capabilities] [LF]  |  shallow SP id  |  push-cert NUL capabilities … push-cert-end LF
/// </code>
/// Between push-cert and push-cert-end payloads are pieces of a text, the certificate, of which each line may be a command (git: queue_commands_from_cert). A line
/// may go on in the next piece, and in the next certificate; only a payload that is push-cert-end and nothing else ends it; and of a payload nothing is read behind a
/// NUL. It is read as git does, or refs could be hidden by how they are cut. Whether the target does what it is asked is its own to say.
/// </summary>
internal sealed class GitPush(SessionContext context, uint channel, string path)
{
    /// <summary>Refs that are written down one by one; the rest are counted.</summary>
    public const int MostRefs = 256;

    /// <summary>Most bytes of a line that are kept: two ids of SHA-256, and so much of a ref that it fits an event however it is escaped.</summary>
    private const int MostLine = 2 * 65 + 512;

    private readonly Text _payload = new();
    private readonly Text _certificate = new();
    private bool _isCertificate;
    private int _ended;
    private bool _afterNul;
    private int _digits;
    private int _size;
    private int _left;
    private int _refs;

    private static ReadOnlySpan<byte> CertificateEnd => "push-cert-end\n"u8;

    /// <summary>True once the list has ended: what follows is the pack.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Takes what the client sends next.</summary>
    /// <returns>False: the recording is behind.</returns>
    public bool Take(ReadOnlySpan<byte> data)
    {
        bool ready = true;
        while (!IsOver && !data.IsEmpty)
        {
            if (_left == 0)
            {
                Digit(data[0]);
                data = data[1..];
                continue;
            }

            int count = Math.Min(_left, data.Length);
            foreach (byte c in data[..count])
                ready &= Character(c);
            data = data[count..];
            _left -= count;
            if (_left == 0)
                ready &= EndPayload();
        }

        // What stands at the end of a certificate needs no line feed.
        return IsOver ? ready & EndLine() : ready;
    }

    /// <summary>Writes down how many refs there were beyond those that were.</summary>
    public void Finish()
    {
        if (_refs > MostRefs)
            context.Event(SshGitPushEvent.Name, new SshGitPushEvent(channel, path, $"and {_refs - MostRefs} more", "", "").ToDetail());
    }

    /// <summary>The length of a line; what is none, git does not read either.</summary>
    private void Digit(byte c)
    {
        int value = char.IsAsciiHexDigit((char)c) ? Convert.ToInt32(((char)c).ToString(), 16) : -1;
        _size = _size * 16 + value;
        IsOver = value < 0;
        if (++_digits < 4 || IsOver)
            return;
        IsOver = _size < 4;
        _left = Math.Max(0, _size - 4);
        (_digits, _size) = (0, 0);
    }

    private bool Character(byte c)
    {
        _afterNul |= c == 0;
        if (_afterNul)
            return true;
        if (!_isCertificate)
        {
            _payload.Add(c);
            return true;
        }

        // What may be the end of the certificate is no part of it, until it turns out not to be.
        if (_ended >= 0 && _ended < CertificateEnd.Length && c == CertificateEnd[_ended])
        {
            _ended++;
            return true;
        }

        return GoOn() & Certified(c);
    }

    private bool EndPayload()
    {
        _afterNul = false;
        if (_isCertificate)
        {
            bool isOver = _ended == CertificateEnd.Length;
            bool ready = isOver || GoOn();
            (_isCertificate, _ended) = (!isOver, 0);
            return ready;
        }

        bool told = true;
        _payload.Chomp();
        if (_payload.Bytes.SequenceEqual("push-cert"u8))
            _isCertificate = true;
        else
            told = Command(_payload);
        _payload.Clear();
        return told;
    }

    /// <summary>It is not the end of the certificate.</summary>
    private bool GoOn()
    {
        bool ready = true;
        for (int i = 0; i < _ended; i++)
            ready &= Certified(CertificateEnd[i]);
        _ended = -1;
        return ready;
    }

    private bool Certified(byte c)
    {
        if (c == '\n')
            return EndLine();
        _certificate.Add(c);
        return true;
    }

    private bool EndLine()
    {
        bool told = Command(_certificate);
        _certificate.Clear();
        return told;
    }

    private bool Command(Text line) =>
        !TrySplit(line.Bytes, out string old, out string now, out ReadOnlySpan<byte> name) || ++_refs > MostRefs
        || context.Event(SshGitPushEvent.Name, new SshGitPushEvent(channel, path, Encoding.UTF8.GetString(name) + (line.IsCut ? "…" : ""), old, now).ToDetail());

    private static bool TrySplit(ReadOnlySpan<byte> line, out string old, out string now, out ReadOnlySpan<byte> name)
    {
        const int sha1 = 40, sha256 = 64;
        (old, now) = ("", "");
        name = default;
        int size = line.IndexOf((byte)' ');
        if (size is not (sha1 or sha256) || line.Length < 2 * size + 3 || line[2 * size + 1] != ' ' || !IsId(line[..size]) || !IsId(line.Slice(size + 1, size)))
            return false;
        old = Encoding.ASCII.GetString(line[..size]);
        now = Encoding.ASCII.GetString(line.Slice(size + 1, size));
        name = line[(2 * size + 2)..];
        return true;
    }

    private static bool IsId(ReadOnlySpan<byte> text)
    {
        foreach (byte c in text)
        {
            if (!char.IsAsciiHexDigit((char)c))
                return false;
        }

        return true;
    }

    /// <summary>A line, as much of it as is kept.</summary>
    private sealed class Text
    {
        private readonly byte[] _bytes = new byte[MostLine];
        private int _length;

        public bool IsCut { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

        public void Add(byte c)
        {
            if (_length < MostLine)
                _bytes[_length++] = c;
            else
                IsCut = true;
        }

        /// <summary>Takes the line feed at its end away, as git does.</summary>
        public void Chomp()
        {
            if (!IsCut && _length > 0 && _bytes[_length - 1] == '\n')
                _length--;
        }

        public void Clear() => (_length, IsCut) = (0, false);
    }
}
