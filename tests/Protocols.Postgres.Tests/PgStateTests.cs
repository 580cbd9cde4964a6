using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>The whole of both tables: every state with every byte that could be a type. What is not written here is not legal.</summary>
public sealed class PgStateTests
{
    /// <summary>State, types that lead on, next state.</summary>
    private static readonly (PgReplyState State, string Types, PgReplyState Next)[] Replies =
    [
        (PgReplyState.Parse, "1", PgReplyState.Done),
        (PgReplyState.Bind, "2", PgReplyState.Done),
        (PgReplyState.Close, "3", PgReplyState.Done),
        (PgReplyState.DescribeStatement, "t", PgReplyState.DescribeStatementRow),
        (PgReplyState.DescribeStatementRow, "Tn", PgReplyState.Done),
        (PgReplyState.DescribePortal, "Tn", PgReplyState.Done),
        (PgReplyState.Execute, "D", PgReplyState.Execute),
        (PgReplyState.Execute, "CsI", PgReplyState.Done),
        (PgReplyState.Execute, "G", PgReplyState.ExecuteCopyIn),
        (PgReplyState.Execute, "H", PgReplyState.ExecuteCopyOut),
        (PgReplyState.ExecuteCopyIn, "C", PgReplyState.Done),
        (PgReplyState.ExecuteCopyOut, "d", PgReplyState.ExecuteCopyOut),
        (PgReplyState.ExecuteCopyOut, "c", PgReplyState.Execute),
        (PgReplyState.Sync, "Z", PgReplyState.Done),
        (PgReplyState.Query, "CI", PgReplyState.Query),
        (PgReplyState.Query, "T", PgReplyState.QueryRows),
        (PgReplyState.Query, "G", PgReplyState.QueryCopyIn),
        (PgReplyState.Query, "H", PgReplyState.QueryCopyOut),
        (PgReplyState.Query, "Z", PgReplyState.Done),
        (PgReplyState.QueryRows, "D", PgReplyState.QueryRows),
        (PgReplyState.QueryRows, "C", PgReplyState.Query),
        (PgReplyState.QueryCopyIn, "C", PgReplyState.Query),
        (PgReplyState.QueryCopyOut, "d", PgReplyState.QueryCopyOut),
        (PgReplyState.QueryCopyOut, "c", PgReplyState.Query),
        (PgReplyState.QueryFailed, "Z", PgReplyState.Done),
        (PgReplyState.FunctionCall, "V", PgReplyState.FunctionCallDone),
        (PgReplyState.FunctionCallDone, "Z", PgReplyState.Done),
    ];

    /// <summary>What an ErrorResponse leads to; states not named skip to the next Sync.</summary>
    private static readonly Dictionary<PgReplyState, PgReplyState> Errors = new()
    {
        [PgReplyState.Idle] = PgReplyState.Idle,
        [PgReplyState.Sync] = PgReplyState.Sync,
        [PgReplyState.Failed] = PgReplyState.Failed,
        [PgReplyState.Query] = PgReplyState.QueryFailed,
        [PgReplyState.QueryRows] = PgReplyState.QueryFailed,
        [PgReplyState.QueryCopyIn] = PgReplyState.QueryFailed,
        [PgReplyState.QueryCopyOut] = PgReplyState.QueryFailed,
        [PgReplyState.QueryFailed] = PgReplyState.QueryFailed,
        [PgReplyState.FunctionCall] = PgReplyState.FunctionCallDone,
        [PgReplyState.FunctionCallDone] = PgReplyState.FunctionCallDone,
    };

    [Fact]
    public void A_target_may_send_what_the_table_says_and_nothing_else()
    {
        foreach (PgReplyState state in Enum.GetValues<PgReplyState>())
        {
            if (state == PgReplyState.Done)
                continue;
            for (int type = 0; type <= byte.MaxValue; type++)
            {
                PgReplyState? expected = Expected(state, (char)type);
                bool legal = PgState.TryAdvance(state, (byte)type, out PgReplyState next);
                Assert.True(legal == expected is not null, $"{state}, {(char)type}");
                if (expected is not null)
                    Assert.Equal(expected, next);
            }
        }
    }

    [Fact]
    public void A_client_may_send_what_the_table_says_and_nothing_else()
    {
        foreach (PgClientState state in Enum.GetValues<PgClientState>())
        {
            for (int type = 0; type <= byte.MaxValue; type++)
            {
                PgClientState? expected = (state, (char)type) switch
                {
                    (PgClientState.Password, 'p') => PgClientState.Password,
                    (PgClientState.SaslInitial or PgClientState.SaslResponse, 'p') => PgClientState.SaslResponse,
                    (PgClientState.Password or PgClientState.SaslInitial or PgClientState.SaslResponse or PgClientState.Prompted, 'X') => PgClientState.Closed,
                    (PgClientState.Ready, 'X') => PgClientState.Closed,
                    (PgClientState.Ready, 'Q' or 'P' or 'B' or 'D' or 'E' or 'C' or 'H' or 'S' or 'F' or 'd' or 'c' or 'f') => PgClientState.Ready,
                    _ => null,
                };
                Assert.Equal(expected is not null, PgState.TryAdvance(state, (byte)type, out PgClientState next));
                if (expected is not null)
                    Assert.Equal(expected, next);
            }
        }
    }

    private static PgReplyState? Expected(PgReplyState state, char type)
    {
        if (type is 'N' or 'A' or 'S')
            return state;
        if (type == 'E')
            return Errors.GetValueOrDefault(state, PgReplyState.Failed);
        foreach ((PgReplyState from, string types, PgReplyState next) in Replies)
        {
            if (from == state && types.Contains(type))
                return next;
        }

        return null;
    }
}
