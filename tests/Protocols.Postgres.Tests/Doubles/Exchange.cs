using System.Net;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Doubles;

/// <summary>
/// Both loops' decisions without loops: a test says what the client sends and what the target answers, in any order, and sees what each is given.
/// </summary>
internal sealed class Exchange : IDisposable
{
    private readonly PgWriter _toTarget = new();
    private readonly PgWriter _toClient = new();
    private readonly PgRequests _requests;
    private readonly PgReplies _replies;

    public Exchange(MaskPlan? masks = null, TestCatalog? catalog = null, Judging? judging = null, PgLimits? limits = null)
    {
        PgLimits all = limits ?? new PgLimits();
        Policy = new TestPolicy(new TestGate(1, judging ?? Allow) { Masks = masks });
        var context = new SessionContext(Facts, Policy, Recorder, TimeProvider.System);
        Catalog = new PgCatalog(new PgTargetLogin(new NoUpstream(), all), new TargetInfo { Name = "t", Protocol = "postgres" }, "db", all);
        Known = (catalog ?? new TestCatalog()).Snapshot;
        Catalog.Adopt(Known);
        Shared = new PgShared(context, Catalog, all, TimeProvider.System);
        _requests = new PgRequests(Shared, _toTarget);
        _replies = new PgReplies(Shared, _toClient);
    }

    public TestPolicy Policy { get; }

    public TestRecorder Recorder { get; } = new();

    public PgCatalog Catalog { get; }

    /// <summary>The catalog that is read when the one at hand is out of date.</summary>
    public PgCatalogSnapshot Known { get; }

    public PgShared Shared { get; }

    public PgRequests Requests => _requests;

    public PgReplies Replies => _replies;

    public static Judging Allow { get; } = static (in ActionView _) => VerdictKind.Allow;

    private static SessionFacts Facts { get; } = new()
    {
        SessionId = Guid.CreateVersion7(),
        Node = "n",
        Listener = "l",
        Protocol = "postgres",
        Identity = new Identity { Subject = "alice", Issuer = "i", ExpiresAt = DateTimeOffset.MaxValue },
        Target = "t",
        Source = new IPEndPoint(IPAddress.Loopback, 1),
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    /// <summary>What policy says from now on.</summary>
    public void Load(MaskPlan? masks, Judging? judging = null) => Policy.Gate = new TestGate(Policy.Version + 1, judging ?? Allow) { Masks = masks };

    /// <summary>Decides one message of the client.</summary>
    public PgTake Take(byte[] message)
    {
        PgTake take = Look(message);
        if (take == PgTake.Catalog)
        {
            Catalog.Adopt(Known);
            take = Look(message);
        }

        if (take is PgTake.Replace or PgTake.Precede)
            _requests.Write(take);
        return take;
    }

    /// <summary>Sends messages that the target is to get, as they are or in another form.</summary>
    public void Client(params byte[][] messages)
    {
        foreach (byte[] message in messages)
        {
            PgTake take = Take(message);
            Assert.True(take is PgTake.Forward or PgTake.Replace or PgTake.Precede, $"{(char)message[0]} was answered by {take}");
        }
    }

    /// <summary>Decides one message of the target.</summary>
    public PgShow Decide(byte[] message, out PgViolation? violation)
    {
        PgFrame.TryParse(message, int.MaxValue, out PgFrame frame);
        return _replies.Decide(frame, message.AsSpan(PgFrame.HeaderLength), default, out _, out violation);
    }

    public PgShow Decide(byte[] message) => Decide(message, out _);

    /// <summary>Takes away what has been shown.</summary>
    public void ForgetShown() => _toClient.Clear();

    /// <summary>Sends messages of the target, which must be legal, and says what the client is shown of them: <c>1 2 T D(x) C Z</c>.</summary>
    public string Target(params byte[][] messages)
    {
        var shown = new List<string>();
        foreach (byte[] message in messages)
        {
            _toClient.Clear();
            PgShow show = Decide(message, out PgViolation? violation);
            switch (show)
            {
                case PgShow.Forward:
                    shown.Add(Msg.Show(message[0], message.AsSpan(PgFrame.HeaderLength)));
                    break;
                case PgShow.Rewrite:
                    ReadOnlySpan<byte> written = _toClient.Written.Span;
                    shown.Add(Msg.Show(written[0], written[PgFrame.HeaderLength..]));
                    break;
                case PgShow.Hide:
                    break;
                default:
                    Assert.Fail($"{(char)message[0]} was answered by {show}: {violation?.Message}");
                    break;
            }
        }

        return string.Join(' ', shown);
    }

    public void Dispose()
    {
        _toTarget.Dispose();
        _toClient.Dispose();
    }

    /// <summary>Decides without writing: what a caller measures is the decision alone.</summary>
    public PgTake Look(byte[] message)
    {
        PgFrame.TryParse(message, int.MaxValue, out PgFrame frame);
        return _requests.Take(frame, message.AsSpan(PgFrame.HeaderLength));
    }
}
