using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// Reads which refs a client asks git-receive-pack to change (gitprotocol-pack, "Reference Update Request and Packfile Transfer"), and writes each down before
/// the target hears of it:
/// <code>
///   pkt-line:  4 hexadecimal digits, the length with them | payload        0000: a flush, the end of the list
///   payload:   old-id SP new-id SP ref [NUL capabilities] [LF]  |  shallow SP id  |  push-cert NUL capabilities … push-cert-end
/// </code>
/// A signed push has the same lines inside its certificate, which is a text of its own, cut anywhere. Whether the target does what it is asked is its own to say.
/// </summary>
internal sealed class GitPush(SessionContext context, uint channel, string path)
{
    /// <summary>Refs that are written down one by one; the rest are counted.</summary>
    public const int MostRefs = 256;

    /// <summary>Most bytes of a line that are kept: two ids of SHA-256, and so much of a ref that it fits an event however it is escaped.</summary>
    private const int MostLine = 2 * 65 + 512;

    private readonly byte[] _line = new byte[MostLine];
    private int _length;
    private bool _isCut;
    private bool _afterName;
    private int _digits;
    private int _size;
    private int _left;
    private bool _isCertificate;
    private int _refs;

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
            if (_left == 0 && !_isCertificate)
                ready &= End();
        }

        return ready;
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
        if (c == '\n')
            return End();
        _afterName |= c == 0;
        if (_afterName)
            return true;
        if (_length < MostLine)
            _line[_length++] = c;
        else
            _isCut = true;
        return true;
    }

    private bool End()
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _length);
        bool isCut = _isCut;
        (_length, _isCut, _afterName) = (0, false, false);
        if (line.SequenceEqual("push-cert"u8))
            _isCertificate = true;
        else if (line.SequenceEqual("push-cert-end"u8))
            _isCertificate = false;
        else if (TrySplit(line, out string old, out string now, out ReadOnlySpan<byte> name) && ++_refs <= MostRefs)
            return context.Event(SshGitPushEvent.Name, new SshGitPushEvent(channel, path, Encoding.UTF8.GetString(name) + (isCut ? "…" : ""), old, now).ToDetail());
        return true;
    }

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
}
