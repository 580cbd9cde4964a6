using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>What the client is answered: by the target, or by us in its place.</summary>
internal sealed partial class Exchange
{
    /// <summary>Answers the client in the target's place; the target, if it was asked at all, hears no more of it.</summary>
    /// <param name="about">What the request was about, when a rule refuses it.</param>
    public void Refuse(HttpRefusal refusal, KubeTarget? about = null)
    {
        lock (_lock)
        {
            if (_isOver || _status != 0)
                return;
            _isOver = true;
            _status = refusal.Status;
            _upstream?.Reset(H2ErrorCode.CANCEL);
            client.Resume();
            HttpHead head = front.NewHead();
            ReadOnlySpan<byte> body = Form?.Write(refusal, head) ?? Refusals.Write(refusal, IsKubernetes, about, head, IsHead);
            if (_scope is not null && !_scope.Tape.Head(Direction.ToClient, Number, head))
                _scope.Hold(client);
            client.SendHead(head, body.IsEmpty);
            if (!body.IsEmpty)
                client.SendData(body, end: true);
            if (!_toTarget.HasEnded)
                client.Reset(H2ErrorCode.NO_ERROR);
            PayAll();
        }

        Settle();
    }

    /// <summary>The same, of a request that nobody has looked at.</summary>
    public void RefuseAtOnce(HttpRefusal refusal, bool requestEnded)
    {
        _toTarget.HasEnded = requestEnded;
        Refuse(refusal);
    }

    private void Respond(HttpHead head, bool end)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            int status = HeadValues.Status(head);
            bool isInformational = status is >= 100 and < 200 and not 101;
            // 100 is ours to say (below), and nobody needs endless ones.
            if (isInformational && (status == 100 || ++_informational > MostInformational || _isPaused))
                return;
            ReturnHead();
            head = ResponseHeads.ForClient(head, front);
            if (client.Objection(head) is { } objection)
            {
                Refuse(objection);
                return;
            }

            if (Plan is not null && !isInformational)
            {
                _toClient.Filter = Plan.OnResponse(head);
                if (_toClient.Filter is RefusedResponse refused)
                {
                    Refuse(refused.Refusal);
                    return;
                }

                if (status == 101)
                    _toTarget.Filter = Plan.RequestBody;
                if (_toClient.Filter is { Changes: true } && status != 101)
                    head = ResponseHeads.WithoutLength(head, front);
            }

            if (!isInformational)
            {
                _status = status;
                _toClient.HasEnded = end;
                // An upgrade that was refused: nothing of the other protocol follows, from neither side.
                _toTarget.HasEnded |= _isUpgrade && status != 101;
                if (end)
                    EndResponse();
            }

            if (!_scope!.Tape.Head(Direction.ToClient, Number, head))
                _scope.Hold(client);
            if (_isPaused)
            {
                _pausedHead = front.NewHead();
                _pausedHead.TryCopyFrom(head);
                _pausedHeadEnds = end;
            }
            else
            {
                client.SendHead(head, end);
            }
        }

        if (end)
            Settle();
    }

    /// <summary>The target has answered in full: its stream is free for another request before the client can send one.</summary>
    private void EndResponse()
    {
        if (!_toTarget.HasEnded || _isUpstreamRetired)
            return;
        _isUpstreamRetired = true;
        _upstream?.Retire();
    }
}
