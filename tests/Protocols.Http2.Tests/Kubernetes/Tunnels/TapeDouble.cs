using System.Buffers.Binary;
using System.Net;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes.Tunnels;

/// <summary>A recording in memory, and what is written into one for tunnels.</summary>
internal sealed class TapeDouble : ISessionRecorder, IPolicy, IGate
{
    private readonly StringBuilder _said = new();

    public TapeDouble()
    {
        var facts = new SessionFacts
        {
            SessionId = Guid.NewGuid(),
            Node = "test",
            Listener = "web",
            Protocol = "http2",
            Identity = new Identity { Subject = "ada", Issuer = "test", Kind = IdentityKind.Human, ExpiresAt = DateTimeOffset.MaxValue },
            Target = "cluster",
            Source = new IPEndPoint(IPAddress.Loopback, 1),
            StartedAt = DateTimeOffset.UnixEpoch,
        };
        Context = new SessionContext(facts, this, this, TimeProvider.System);
    }

    public SessionContext Context { get; }

    /// <summary>Channels as "0text;", events as "name detail;".</summary>
    public string Said => _said.ToString();

    public TunnelRecord Record(KubeStreamRequest request) => new(Context, new HttpTape(this), 1, request);

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        Assert(bytes[4] == (byte)TapeKind.Tunnel && BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]) == 1);
        _said.Append(bytes[9]).Append(Encoding.Latin1.GetString(bytes[10..])).Append(';');
        return true;
    }

    public bool Event(string name, string detail)
    {
        _said.Append(name).Append(' ').Append(detail).Append(';');
        return true;
    }

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        _said.Append(verdict.Kind).Append(' ').Append(Encoding.UTF8.GetString(action.Text)).Append(';');
        return true;
    }

    public ValueTask ReadyAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public ValueTask CompleteAsync(SessionEnd end) => ValueTask.CompletedTask;

    public int Version => 1;

    public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

    public MaskPlan? Masks => null;

    public SessionLimits Limits => SessionLimits.None;

    public IGate Open(SessionFacts facts) => this;

    /// <summary>Port 80 and nothing else.</summary>
    public Verdict Judge(in ActionView action) =>
        action.Text.EndsWith(":80"u8) ? new Verdict(VerdictKind.Allow, "test/eighty", 1) : new Verdict(VerdictKind.Deny, "test/others", 1, "Ask.");

    private static void Assert(bool holds) => Xunit.Assert.True(holds);
}
