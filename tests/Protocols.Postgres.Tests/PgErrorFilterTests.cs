using System.Text;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgErrorFilterTests
{
    private const string Secret = "alice@example.com";

    [Theory]
    [InlineData("08006")]
    [InlineData("23505")]
    [InlineData("25P02")]
    [InlineData("26000")]
    [InlineData("28000")]
    [InlineData("40001")]
    [InlineData("42501")]
    [InlineData("53300")]
    [InlineData("54001")]
    [InlineData("55P03")]
    [InlineData("57014")]
    public void Messages_of_classes_that_cannot_quote_data_are_kept(string state)
    {
        string shown = Filtered(Msg.Error(state, "the message", ('n', "a_constraint"), ('H', "do this")));
        Assert.Contains("the message", shown);
        Assert.Contains("a_constraint", shown);
        Assert.Contains("do this", shown);
    }

    [Theory]
    [InlineData("22P02")]
    [InlineData("P0001")]
    [InlineData("XX000")]
    [InlineData("00000")]
    [InlineData("38000")]
    // A value cast to regclass, regtype, regrole, regnamespace, refcursor, or given to to_tsquery or has_database_privilege.
    [InlineData("42P01")]
    [InlineData("42601")]
    [InlineData("42704")]
    [InlineData("0A000")]
    [InlineData("3F000")]
    [InlineData("3D000")]
    [InlineData("34000")]
    // Not a SQLSTATE at all.
    [InlineData("")]
    [InlineData("4250")]
    [InlineData("425010")]
    public void Messages_that_may_quote_data_are_withheld_with_every_field_that_may(string state)
    {
        string shown = Filtered(Msg.Error(state, Secret, ('D', Secret), ('H', Secret), ('q', Secret),
            ('s', Secret), ('t', Secret), ('c', Secret), ('d', Secret), ('n', Secret)));
        Assert.DoesNotContain(Secret, shown);
        Assert.Contains("withheld", shown);
    }

    [Fact]
    public void An_error_that_says_where_in_the_text_it_is_comes_from_the_text()
    {
        Assert.Contains("relation", Filtered(Msg.Error("42P01", "relation \"custmers\" does not exist", ('P', "15"))));
        Assert.Contains("not implemented", Filtered(Msg.Error("0A000", "cross-database references are not implemented", ('P', "15"))));
        // A literal of the text, perhaps; but a type's input function sees values too.
        Assert.DoesNotContain(Secret, Filtered(Msg.Error("22P02", Secret, ('P', "15"))));
    }

    [Fact]
    public void RAISE_in_a_function_may_claim_any_state_and_is_withheld_for_its_context()
    {
        string shown = Filtered(Msg.Error("42501", Secret, ('W', "PL/pgSQL function inline_code_block line 1 at RAISE"), ('t', Secret), ('P', "1")));
        Assert.DoesNotContain(Secret, shown);
        Assert.DoesNotContain("inline_code_block", shown);
    }

    [Fact]
    public void DETAIL_and_CONTEXT_are_dropped_whatever_the_class()
    {
        string shown = Filtered(Msg.Error("23505", "duplicate key value", ('D', $"Key (email)=({Secret}) already exists."), ('F', "nbtinsert.c")));
        Assert.DoesNotContain(Secret, shown);
        Assert.Contains("duplicate key value", shown);
        Assert.Contains("nbtinsert.c", shown);
    }

    [Fact]
    public void Severity_state_and_position_are_kept_and_the_type_is_the_one_asked_for()
    {
        byte[] notice = Msg.Notice("22000", Secret, ('P', "7"));
        using var writer = new PgWriter();
        Assert.True(PgErrorFilter.TryWrite(BackendMessage.NoticeResponse, notice.AsSpan(5), mayShowMasked: true, writer));
        ReadOnlySpan<byte> written = writer.Written.Span;
        Assert.Equal(Wire.ParseStatus.Done, PgFrame.TryParse(written, int.MaxValue, out PgFrame frame));
        Assert.Equal((BackendMessage.NoticeResponse, written.Length), (frame.Type, frame.TotalLength));
        ReadOnlySpan<byte> body = written[5..];
        Assert.Equal("NOTICE"u8, PgErrorFields.Find(body, (byte)'S'));
        Assert.Equal("NOTICE"u8, PgErrorFields.Find(body, (byte)'V'));
        Assert.Equal("22000"u8, PgErrorFields.Find(body, (byte)'C'));
        Assert.Equal("7"u8, PgErrorFields.Find(body, (byte)'P'));
    }

    [Fact]
    public void A_malformed_message_leaves_the_writer_as_it_was()
    {
        byte[] body = Msg.Error("23505", "duplicate", ('D', "x"))[5..];
        for (int length = 0; length < body.Length; length++)
            AssertRefused(body.AsSpan(0, length));
        AssertRefused([.. body, (byte)'x']);
        AssertRefused([(byte)'M', (byte)'x']);
    }

    private static void AssertRefused(ReadOnlySpan<byte> body)
    {
        using var writer = new PgWriter();
        writer.Byte(7);
        Assert.False(PgErrorFilter.TryWrite(BackendMessage.ErrorResponse, body, mayShowMasked: true, writer));
        Assert.Equal([7], writer.Written.ToArray());
    }

    private static string Filtered(byte[] message)
    {
        using var writer = new PgWriter();
        Assert.True(PgErrorFilter.TryWrite(message[0], message.AsSpan(5), mayShowMasked: true, writer));
        return Encoding.UTF8.GetString(writer.Written.Span);
    }
}
