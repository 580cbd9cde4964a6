using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>Host keys of a target with one answer to all of them.</summary>
internal sealed class KnownKeys(HostKeyStatus status = HostKeyStatus.Trusted, params string[] types) : IHostKeys
{
    public IReadOnlyList<string> KnownTypes => types;

    public List<byte[]> Judged { get; } = [];

    public HostKeyStatus Judge(ReadOnlyMemory<byte> blob)
    {
        lock (Judged)
            Judged.Add(blob.ToArray());
        return status;
    }
}
