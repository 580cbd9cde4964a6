using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Finds the secrets that a forwarded protocol has in its stream, wherever the stream is cut, and blanks them in a copy of it that is recorded.</summary>
internal abstract class SshSecrets
{
    private const byte Blank = (byte)'*';

    private readonly byte[] _head;
    private int _have;
    private long _keep;
    private long _blank;

    /// <param name="head">Bytes of a message that tell what is secret in it.</param>
    protected SshSecrets(int head) => _head = new byte[head];

    /// <summary>True once nothing secret can come any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What a channel of this kind must not show; null: nothing.</summary>
    public static SshSecrets? Of(SshChannelKind kind) => kind switch
    {
        SshChannelKind.X11 => new SshX11Secrets(),
        SshChannelKind.Agent => new SshAgentSecrets(),
        _ => null,
    };

    /// <summary>Blanks the secrets in what comes next.</summary>
    public void Take(Span<byte> data)
    {
        while (!IsOver && !data.IsEmpty)
        {
            int count;
            if (_keep > 0)
            {
                count = (int)Math.Min(_keep, data.Length);
                _keep -= count;
            }
            else if (_blank > 0)
            {
                count = (int)Math.Min(_blank, data.Length);
                data[..count].Fill(Blank);
                _blank -= count;
            }
            else if (_have < _head.Length)
            {
                count = Math.Min(_head.Length - _have, data.Length);
                data[..count].CopyTo(_head.AsSpan(_have));
                _have += count;
                if (_have == _head.Length && !TryRead(_head, out _keep, out _blank))
                    IsOver = true;
            }
            else
            {
                _have = 0;
                IsOver = !Repeats;
                continue;
            }

            data = data[count..];
        }
    }

    /// <summary>True where one message follows another.</summary>
    protected abstract bool Repeats { get; }

    /// <summary>Says how many bytes behind a head are kept, and how many behind those are secret. False: this is no such message.</summary>
    protected abstract bool TryRead(ReadOnlySpan<byte> head, out long keep, out long blank);
}

/// <summary>
/// The cookie that opens a display, in the first message that a program sends on its connection (X Window System Protocol, 8 and appendix B):
/// <code>  CARD8 byte order | unused | CARD16 major, minor, n, d | 2 unused | n bytes name, padded to 4 | d bytes data, padded to 4</code>
/// </summary>
internal sealed class SshX11Secrets() : SshSecrets(12)
{
    protected override bool Repeats => false;

    protected override bool TryRead(ReadOnlySpan<byte> head, out long keep, out long blank)
    {
        (keep, blank) = (0, 0);
        if (head[0] is not ((byte)'B' or (byte)'l'))
            return false;
        bool big = head[0] == (byte)'B';
        int name = big ? BinaryPrimitives.ReadUInt16BigEndian(head[6..]) : BinaryPrimitives.ReadUInt16LittleEndian(head[6..]);
        int data = big ? BinaryPrimitives.ReadUInt16BigEndian(head[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
        (keep, blank) = ((name + 3) & ~3, data);
        return true;
    }
}

/// <summary>
/// Private keys, PINs and passphrases that are sent to a forwarded agent (draft-ietf-sshm-ssh-agent 3): <c>uint32 length | byte type | what it has</c>.
/// </summary>
internal sealed class SshAgentSecrets() : SshSecrets(5)
{
    protected override bool Repeats => true;

    protected override bool TryRead(ReadOnlySpan<byte> head, out long keep, out long blank)
    {
        const byte addIdentity = 17, addSmartcardKey = 20, @lock = 22, unlock = 23, addIdConstrained = 25, addSmartcardKeyConstrained = 26;
        long rest = Math.Max(0, BinaryPrimitives.ReadUInt32BigEndian(head) - 1L);
        bool secret = head[4] is addIdentity or addSmartcardKey or @lock or unlock or addIdConstrained or addSmartcardKeyConstrained;
        (keep, blank) = secret ? (0L, rest) : (rest, 0L);
        return true;
    }
}
