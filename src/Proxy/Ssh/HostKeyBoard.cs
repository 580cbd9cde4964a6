using System.Collections.Frozen;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Ssh;

/// <summary>Through what a host is reached, and where: the same address behind another hop is another host, so a key of the one is nothing to the other.</summary>
/// <param name="Hop">Empty: directly.</param>
/// <param name="Address"><c>host:port</c>.</param>
internal readonly record struct HostPlace(string Hop, string Address)
{
    public static HostPlace Of(Target target) => new("", target.Address);
}

/// <summary>The host keys of all targets: what files and settings say of each, and the pins of the store, which an administrator set by an explicit act. What is not trusted raises the alarm here.</summary>
internal sealed class HostKeyBoard(TimeProvider time, Log log, ProxyMetrics metrics)
{
    private volatile FrozenDictionary<HostPlace, SshPublicKey[]> _pins = FrozenDictionary<HostPlace, SshPublicKey[]>.Empty;

    /// <summary>Where the alarm is kept; null: there is no store, and the log alone has it.</summary>
    public IAudit? Audit { get; set; }

    /// <summary>Takes up the store's pins as they are now.</summary>
    public void Replace(IEnumerable<(HostPlace Place, SshPublicKey Key)> pins) =>
        _pins = pins.GroupBy(pin => pin.Place).ToFrozenDictionary(place => place.Key, place => place.Select(pin => pin.Key).ToArray());

    /// <summary>The host keys of a target, as they are whenever they are asked.</summary>
    public IHostKeys Of(Target target) => new Board(this, target);

    private KnownHost Known(Target target)
    {
        KnownHost known = target.Known ?? throw new InvalidOperationException("A target without host keys has none to judge.");
        return _pins.TryGetValue(HostPlace.Of(target), out SshPublicKey[]? pins)
            ? known.With(new KnownHost(target.Config.Host.ToLowerInvariant(), pins, [], KeyRevocationList.Empty))
            : known;
    }

    private HostKeyStatus Judge(Target target, ReadOnlySpan<byte> blob)
    {
        SshPublicKey? key = SshPublicKey.TryParse(blob, out SshPublicKey? plain) ? plain : SshCertificate.TryParse(blob, out SshCertificate? certificate) ? certificate.Key : null;
        HostKeyStatus status = Known(target).Judge(blob, time.GetUtcNow());
        if (status is HostKeyStatus.Unknown or HostKeyStatus.Mismatch && key is not null && target.Fingerprints.Count > 0)
            status = target.Fingerprints.Contains(key.Fingerprint, StringComparer.Ordinal) ? HostKeyStatus.Trusted : HostKeyStatus.Mismatch;
        if (status != HostKeyStatus.Trusted)
            Alarm(target, status, key?.Fingerprint ?? "not a key");
        return status;
    }

    private void Alarm(Target target, HostKeyStatus status, string fingerprint)
    {
        string word = Policy.Yaml.KebabNames.Name(status);
        metrics.HostKeysRefused.Add(word);
        log.Error("host-key-refused", new("target", target.Info.Name), new("address", target.Address), new("status", word), new("fingerprint", fingerprint));
        Audit?.Note(new AuditEvent(AuditTypes.HostKeyRefused, null)
        {
            Outcome = "refused",
            Object = $"target:{target.Info.Name}",
            Target = target.Info.Name,
            Reason = word,
            Details = new Dictionary<string, string> { ["address"] = target.Address, ["fingerprint"] = fingerprint },
        });
    }

    private sealed class Board(HostKeyBoard board, Target target) : IHostKeys
    {
        public IReadOnlyList<string> KnownTypes => board.Known(target).KnownTypes;

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => board.Judge(target, blob.Span);
    }
}
