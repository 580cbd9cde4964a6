using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Grpc;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// Who the requests of one client connection come from, where they go, and whether they may. Requests whose identity and target are known already are judged on the spot; what takes
/// a login, a connection or a person goes on beside the read loop.
/// </summary>
internal sealed class HttpDecisions(HttpFront front, HttpListener listener, HttpDoors doors, HttpSessions sessions, CancellationToken stop)
{
    private readonly RequestActions _actions = new();
    private readonly HttpHead _out = front.NewHead();

    /// <summary>Lets a request through, refuses it, or has it wait.</summary>
    /// <param name="head">The read loop's own: gone when this returns.</param>
    public void Decide(Exchange exchange, HttpHead head)
    {
        // Its refusals have the status 200: whoever asks for another protocol would take that for a yes.
        if (GrpcCall.Is(head) && !head.Has("upgrade"u8) && !head.Has(":protocol"u8))
            exchange.Form = GrpcRefusal.Form;
        HttpRefusal? refusal = HttpRequest.TryRead(head, doors.Targets, out HttpRequest request);
        if (refusal is not null)
        {
            exchange.Refuse(refusal);
            return;
        }

        exchange.IsKubernetes = request.Target.IsKubernetes;
        if (request.Target.IsKubernetes)
        {
            RequestProblem problem;
            lock (_actions)
                problem = _actions.Problem(head, request);
            if (problem != RequestProblem.None)
            {
                exchange.Refuse(Refusals.Ambiguous(problem));
                return;
            }
        }

        bool needsBody = false;
        if (!exchange.HasRequestEnded)
        {
            lock (_actions)
                needsBody = _actions.NeedsBody(head, request);
        }

        if (!needsBody && sessions.Find(HttpRequest.Proof(head), request.Target) is { } scope && TryAtOnce(exchange, scope, head, request))
            return;
        HttpHead kept = front.NewHead();
        kept.TryCopyFrom(head);
        front.Track(DecideAsync(exchange, kept, request, needsBody));
    }

    /// <summary>The common case: nothing to wait for.</summary>
    /// <returns>False: it must be decided beside the read loop. Nothing has happened yet.</returns>
    private bool TryAtOnce(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request)
    {
        if (scope.Ending is not null || !scope.Upstream.TryOpen(exchange.Use(request), out HttpStream? upstream))
            return false;
        if (!Enter(exchange, scope))
        {
            upstream.Retire();
            exchange.Refuse(Refusals.SessionOver(scope.Ending?.Message));
            return true;
        }

        bool isKept = false;
        try
        {
            isKept = DecideAtOnce(exchange, scope, head, request, upstream);
        }
        finally
        {
            if (!isKept)
                scope.Release();
        }

        return true;
    }

    /// <returns>True: it waits for a person, and releases the session when that is over.</returns>
    private bool DecideAtOnce(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request, HttpStream upstream)
    {
        if (McpGuard.Check(head, request, scope) is { } foreign)
        {
            upstream.Retire();
            exchange.Refuse(foreign);
            return false;
        }

        Verdict verdict = Judge(exchange, scope, head, request, default, out bool mustWait);
        if (verdict.Kind != VerdictKind.Allow)
        {
            upstream.Retire();
            if (verdict.Kind == VerdictKind.Deny)
            {
                exchange.Refuse(Refusals.Of(verdict), About(head, request));
                return false;
            }

            HttpHead kept = front.NewHead();
            kept.TryCopyFrom(head);
            front.Track(KeptAsync(exchange, scope, kept, request, verdict));
            return true;
        }

        HttpRefusal? refusal = KubeTunnels.Check(scope, request, head);
        if (refusal is not null)
        {
            upstream.Retire();
            exchange.Refuse(refusal, About(head, request));
            return false;
        }

        lock (_out)
        {
            if (mustWait)
                scope.Hold(upstream);
            exchange.Plan = ExchangePlans.Of(scope, request, head, exchange.Number);
            refusal = HttpForwarding.Write(head, request, scope, _out);
            if (refusal is null)
            {
                exchange.Open(upstream, _out);
                return false;
            }
        }

        upstream.Retire();
        exchange.Refuse(refusal);
        return false;
    }

    private async Task DecideAsync(Exchange exchange, HttpHead head, HttpRequest request, bool needsBody)
    {
        // Not on the read loop's thread: a login may look things up.
        await Task.Yield();
        HttpScope? entered = null;
        try
        {
            (HttpScope? scope, HttpRefusal? refusal) = await sessions.EnterAsync(head, request, exchange.Withdrawn).ConfigureAwait(false);
            if (scope is null)
            {
                exchange.Refuse(refusal!);
                return;
            }

            if (!Enter(exchange, scope))
            {
                exchange.Refuse(Refusals.SessionOver(scope.Ending?.Message));
                return;
            }

            entered = scope;
            if (McpGuard.Check(head, request, scope) is { } foreign)
            {
                exchange.Refuse(foreign);
                return;
            }

            // Recorded before it is waited for: what is refused meanwhile is told, too.
            if (needsBody)
                Record(exchange, scope, head, request);
            byte[] body = [];
            if (needsBody)
            {
                (body, refusal) = await exchange.CollectAsync().ConfigureAwait(false);
                if (refusal is not null)
                {
                    exchange.Refuse(refusal);
                    return;
                }
            }

            if (needsBody && McpPaths.Has(request, head))
                exchange.Form ??= new McpRefusal(body);
            Verdict verdict = Judge(exchange, scope, head, request, body, out bool mustWait);
            if (mustWait)
                await scope.Context.ReadyAsync(stop).ConfigureAwait(false);
            if (verdict.Kind == VerdictKind.Deny)
                exchange.Refuse(Refusals.Of(verdict), About(head, request));
            else if (verdict.Kind == VerdictKind.Hold)
                await HoldAsync(exchange, scope, head, request, verdict).ConfigureAwait(false);
            else
                await ForwardAsync(exchange, scope, head, request).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(exchange, e);
        }
        finally
        {
            entered?.Release();
        }
    }

    private async Task KeptAsync(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request, Verdict verdict)
    {
        try
        {
            await HoldAsync(exchange, scope, head, request, verdict).ConfigureAwait(false);
        }
        finally
        {
            scope.Release();
        }
    }

    private async Task HoldAsync(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request, Verdict verdict)
    {
        await Task.Yield();
        try
        {
            // Nobody is asked about what would be refused after all.
            if (KubeTunnels.Check(scope, request, head) is { } vain)
            {
                exchange.Refuse(vain, About(head, request));
                return;
            }

            // What is approved is the whole request, so all of it must be here.
            (byte[] body, HttpRefusal? refusal) = await exchange.CollectAsync().ConfigureAwait(false);
            if (refusal is null && exchange.HasTrailers)
                refusal = Refusals.TrailersHeld;
            if (refusal is not null)
            {
                exchange.Refuse(refusal);
                return;
            }

            HeldAction held;
            lock (_actions)
                held = _actions.Held(head, request, body, scope.Context, HttpRequest.PrefersNotToWait(head) ? TimeSpan.Zero : listener.HoldWait);
            HoldNotice? told = null;
            HoldOutcome outcome = await scope.Context.HoldAsync(verdict, held, Told, exchange.Withdrawn, isPart: true).ConfigureAwait(false);
            if (!outcome.Approved)
            {
                exchange.Refuse(outcome.Reason == "pending" ? Refusals.Pending(verdict, outcome, told) : Refusals.Of(verdict, outcome), About(head, request));
                return;
            }

            exchange.Approval = outcome;
            if (await WatchedAsync(exchange, scope, head, request, body).ConfigureAwait(false) is { } changed)
            {
                exchange.Refuse(changed, About(head, request));
                return;
            }

            await ForwardAsync(exchange, scope, head, request).ConfigureAwait(false);

            ValueTask Told(HoldNotice notice, CancellationToken cancel)
            {
                told = notice;
                return default;
            }
        }
        catch (Exception e)
        {
            Fail(exchange, e);
        }
    }

    /// <summary>What stands still until somebody watches begins when somebody does, if it may still.</summary>
    private async Task<HttpRefusal?> WatchedAsync(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request, byte[] body)
    {
        bool waited = scope.Context.Awaited is not null;
        await scope.Context.WhileSuspendedAsync(exchange.Withdrawn, whileAwaited: true).ConfigureAwait(false);
        if (scope.Context.IsSuspended)
            return Refusals.Suspended;
        if (!waited)
            return null;
        if (exchange.Approval?.EndsAt <= doors.Time.GetUtcNow())
            return Refusals.ApprovalOver;
        Verdict again = Judge(exchange, scope, head, request, body, out _);
        return again.Kind == VerdictKind.Deny ? Refusals.Of(again) : null;
    }

    private async Task ForwardAsync(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request)
    {
        if (KubeTunnels.Check(scope, request, head) is { } refusal)
        {
            exchange.Refuse(refusal, About(head, request));
            return;
        }

        HttpStream upstream;
        try
        {
            upstream = await OpenAsync(exchange, scope, exchange.Use(request)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            scope.Context.Event("target-unreachable", e.Message);
            exchange.Refuse(Refusals.TargetUnreachable);
            return;
        }

        exchange.Plan = ExchangePlans.Of(scope, request, head, exchange.Number);
        HttpHead rewritten = front.NewHead();
        if (HttpForwarding.Write(head, request, scope, rewritten) is { } unfit)
        {
            upstream.Retire();
            exchange.Refuse(unfit);
            return;
        }

        exchange.Open(upstream, rewritten);
    }

    public async Task RetryAsync(Exchange exchange, HttpScope scope, HttpHead head)
    {
        // Not under the exchange's lock.
        await Task.Yield();
        if (!scope.TryKeep())
        {
            exchange.Refuse(Refusals.SessionOver(scope.Ending?.Message));
            return;
        }

        try
        {
            exchange.Open(await OpenAsync(exchange, scope, UpstreamUse.Any).ConfigureAwait(false), head);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            scope.Context.Event("target-unreachable", e.Message);
            exchange.Refuse(Refusals.TargetUnreachable);
        }
        catch (Exception e)
        {
            Fail(exchange, e);
        }
        finally
        {
            scope.Release();
        }
    }

    /// <summary>A stream to the target, waited for no longer than the client waits.</summary>
    private async Task<HttpStream> OpenAsync(Exchange exchange, HttpScope scope, UpstreamUse use)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, exchange.Withdrawn);
        return await scope.Upstream.OpenAsync(use, either.Token).ConfigureAwait(false);
    }

    /// <summary>Nobody is left without an answer.</summary>
    private void Fail(Exchange exchange, Exception e)
    {
        if (e is not (RecordingException or OperationCanceledException))
            front.Note(e);
        exchange.Refuse(e is RecordingException ? Refusals.NotRecorded : e is OperationCanceledException ? Refusals.Stopping : Refusals.Failed);
    }

    /// <summary>What a refusal by policy names; null: it is no Kubernetes request.</summary>
    private KubeTarget? About(HttpHead head, HttpRequest request)
    {
        if (!request.Target.IsKubernetes)
            return null;
        lock (_actions)
            return _actions.About(head, request);
    }

    /// <summary>Records a request, whatever becomes of it, and then what policy says of it: a recording's reader finds the two together.</summary>
    private Verdict Judge(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request, ReadOnlyMemory<byte> body, out bool mustWait)
    {
        lock (_actions)
        {
            bool recorded = exchange.IsRecorded ? scope.Tape.Judging(exchange.Number) : Record(exchange, scope, head, request);
            Verdict verdict = scope.Context.Judge(_actions.View(head, request, body), out mustWait);
            mustWait |= !recorded;
            return verdict;
        }
    }

    private static bool Record(Exchange exchange, HttpScope scope, HttpHead head, HttpRequest request)
    {
        exchange.IsRecorded = true;
        TapeRoute route = (request.Target.IsKubernetes ? TapeRoute.Kubernetes : TapeRoute.None) | (exchange.IsHttp1 ? TapeRoute.Http1 : TapeRoute.None);
        return scope.Tape.Request(exchange.Number, head, route, request.Prefix);
    }

    private static bool Enter(Exchange exchange, HttpScope scope)
    {
        if (!scope.TryBegin(exchange))
            return false;
        exchange.Enter(scope);
        scope.Touch();
        return true;
    }
}
