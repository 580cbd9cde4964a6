using System.Buffers;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// A piece of a stream on its way through: as long as all of it is passed it goes on as it came, and from the first byte that is not, what passes is
/// written to <paramref name="to"/>.
/// </summary>
internal ref struct SftpPiece(ReadOnlySpan<byte> data, IBufferWriter<byte> to, bool changed)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _at;

    public bool Changed { get; private set; } = changed;

    public readonly ReadOnlySpan<byte> Rest => _data[_at..];

    /// <summary>The next bytes go on.</summary>
    public void Pass(int count)
    {
        if (Changed)
            to.Write(_data.Slice(_at, count));
        _at += count;
    }

    /// <summary>The next bytes do not go on, or not now.</summary>
    public void Drop(int count)
    {
        Change();
        _at += count;
    }

    /// <summary>Something else goes here.</summary>
    public void Change()
    {
        if (!Changed && _at > 0)
            to.Write(_data[.._at]);
        Changed = true;
    }
}
